import type { PoolDocument, Simulation } from '../core/documents.ts'
import { count, plural, price, priceDecimals, shortHex, usd } from './format.ts'
import { wrap } from './ink.ts'
import type { Page } from './page.ts'
import { type Column, table } from './table.ts'

/** A chain has dozens of pools, most of them hardly filled. */
const SHOWN = 12

/** As Uniswap names a pool: WETH/USDC 0.05%. */
const nameOf = ({ driver, quote, feePct }: PoolDocument): string =>
  `${driver.symbol}/${quote.symbol} ${Number(feePct.toFixed(4))}%`

/** Deepest first. */
const byDepth = (a: PoolDocument, b: PoolDocument): number =>
  b.depthUsd - a.depthUsd || (a.address < b.address ? -1 : 1)

/** The pools that a cascade sells into, the deepest first; in words, how many more there are and which take no part. */
export const poolLines = ({ pools, driver }: Simulation, page: Page): readonly string[] => {
  if (pools.length === 0) return []
  const gap = page.unicode ? '…' : '..'
  const number = (
    header: string,
    value: (pool: PoolDocument) => string,
    more: Partial<Column<PoolDocument>> = {},
  ): Column<PoolDocument> => ({ header, value, align: 'right', ...more })
  const decimals = priceDecimals(driver.spotUsd)
  const several = new Set(pools.map(({ chain }) => chain)).size > 1
  const open = pools.filter(({ note }) => note === null).toSorted(byDepth)
  const more = open.slice(SHOWN)
  const idle = pools.filter(({ note }) => note !== null)
  const words = [
    ...(more.length > 0
      ? [
          `and ${plural(more.length, 'more pool')} of ${usd(more.reduce((sum, { depthUsd }) => sum + depthUsd, 0))} together`,
        ]
      : []),
    ...(idle.length <= 3
      ? idle.map((pool) => `${nameOf(pool)} (${shortHex(pool.address, gap)}) takes no part: ${pool.note}`)
      : [`${plural(idle.length, 'pool')} without liquidity below the price take no part`]),
  ]
  return [
    ...table(
      open.slice(0, SHOWN),
      [
        { header: 'POOLS', value: nameOf },
        ...(several ? [{ header: 'chain', value: ({ chain }: PoolDocument) => chain }] : []),
        { header: 'address', value: ({ address }) => shortHex(address, gap) },
        number('price', ({ priceUsd }) => (priceUsd === null ? 'n/a' : price(priceUsd, decimals))),
        number('2% depth', ({ depthUsd }) => usd(depthUsd), { style: () => 'bold' }),
        number('ticks', ({ ticks }) => count(ticks), { optional: 1 }),
      ],
      page,
    ),
    ...words.flatMap((line) => wrap(line, Math.min(page.width, 100))),
    '',
  ]
}
