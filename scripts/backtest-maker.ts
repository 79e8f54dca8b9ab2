import { fileURLToPath } from 'node:url'
import type { AnyAdapter } from '../src/adapters/adapter.ts'
import { sky } from '../src/adapters/sky.ts'
import type { SkyAccount } from '../src/adapters/sky-accounts.ts'
import type { SkyMarkets } from '../src/adapters/sky-markets.ts'
import { proportionalResponse } from '../src/core/price-response.ts'
import { RAY, toNumber, WAD } from '../src/core/units.ts'
import { type Column, table } from '../src/dashboard/table.ts'
import { pricePositions } from '../src/engine/pricing.ts'
import { type Entry, type Ledger, type LedgerVault, type Moment, readLedger, replay } from './maker-ledger.ts'

/**
 * The recorded ledger of Maker's ETH-B vaults beside what liqbands says of it: every vault is priced by the adapter as
 * it stood right before its liquidation, and the price is held against what ETH did that day.
 */

const RECORDED = new URL('../test/fixtures/maker-ethb/', import.meta.url)

/** One liquidation of a whole vault: the prediction made right before it, and what is on record. */
export type Bite = {
  readonly block: number
  /** Unix seconds. */
  readonly time: number
  readonly vault: string
  readonly eth: number
  /** Debt as replayed, DAI. */
  readonly debt: number
  /** Debt that the liquidation took, DAI. */
  readonly tab: number
  /** The liquidation price that the adapter gives, USD. */
  readonly predicted: number
  /** The daily prices at 00:00 UTC before and after, USD. */
  readonly day: { readonly low: number; readonly high: number }
  /** The price lies between 0.85 times the lower and 1.1 times the higher one: what an hourly price may do in a day. */
  readonly within: boolean
}

const GEM = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2'
const NOBODY = '0x0000000000000000000000000000000000000000'
const PIP = '0x81FE72B5A8d1A857d176C3E7d5Bd2679A9B85763'
const NAME = 'ETH-B'

/** A price at which every vault is safe: the liquidation price does not depend on it. */
const SPOT = 10n ** 13n

/** Maker as far as ETH-B goes. */
const marketAt = (mat: bigint, rate: bigint): SkyMarkets => ({
  ...{ vat: NOBODY, spotter: NOBODY, dog: NOBODY, jug: NOBODY, registry: NOBODY, dai: NOBODY },
  ...{ manager: null, engines: [], vaults: 0n, par: RAY, live: true, elsewhere: { ilks: 0, debt: 0n } },
  ilks: {
    [NAME]: {
      ...{ id: '0x', name: NAME, gem: GEM, symbol: 'ETH', decimals: 18, pip: PIP },
      ...{ debt: 0n, rate, spot: 0n, mat, chop: WAD, dust: 0n, room: 10n ** 60n, stopped: false },
    },
  },
  oracles: {
    [PIP]: {
      ...{ pip: PIP, gem: GEM, symbol: 'ETH', now: SPOT * 10n ** 10n, market: null },
      ...{ next: null, nextFrom: null, hop: 3600n, stopped: false },
    },
  },
})

/** The price, USD, at which a vault is liquidated, by the adapter's own rule and to its last digit; null for never. */
const predict = ({ ink, art }: LedgerVault, mat: bigint, rate: bigint): number | null => {
  const account: SkyAccount = { ilk: NAME, ink, art, vault: null, owner: null }
  const responses = { [PIP]: proportionalResponse(SPOT * 10n ** 10n, SPOT, WAD, 'config') }
  const { ETH: [row] = [] } = pricePositions({
    source: 'sky/ethereum/main',
    adapter: sky as AnyAdapter,
    markets: marketAt(mat, rate),
    accounts: new Map([[NAME, account]]),
    drivers: [{ symbol: 'ETH', spot: SPOT, decimals: 8, responses }],
  })
  return row?.price ?? null
}

const wholeEth = (ink: bigint): bigint => (ink / WAD) * WAD

/** The liquidations that took a whole vault, by collateral: the record has whole ETH only. */
export const wholeBites = (ledger: Ledger): readonly Bite[] => {
  const bites: Bite[] = []
  replay(ledger, ({ block, time, vault, kind, eth, dai }: Entry, { vaults, rate }: Moment) => {
    const before = vaults.get(vault)
    if (kind !== 'liquidation' || !before || eth < WAD || eth !== wholeEth(before.ink)) return
    const predicted = predict(before, ledger.mat, rate)
    if (predicted === null) return
    const after = ledger.prices.findIndex((price) => price.time > time)
    const around = ledger.prices.slice(after - 1, after + 1).map(({ usd }) => usd)
    const day = { low: Math.min(...around), high: Math.max(...around) }
    bites.push({
      ...{ block, time, vault, predicted, day },
      eth: toNumber(before.ink, 18),
      debt: toNumber((before.art * rate) / RAY, 18),
      tab: toNumber(dai, 18),
      within: predicted >= 0.85 * day.low && predicted <= 1.1 * day.high,
    })
  })
  return bites
}

const money = (value: number): string => value.toFixed(2)

/** The price lies between the two daily prices themselves. */
const isBetween = ({ predicted, day }: Bite): boolean => predicted >= day.low && predicted <= day.high

const COLUMNS: readonly Column<Bite>[] = [
  { header: 'day', value: ({ time }) => new Date(time * 1000).toISOString().slice(0, 10) },
  { header: 'vault', value: ({ vault }) => vault, align: 'right' },
  { header: 'ETH', value: ({ eth }) => money(eth), align: 'right' },
  { header: 'predicted', value: ({ predicted }) => money(predicted), align: 'right' },
  { header: 'day from', value: ({ day }) => money(day.low), align: 'right' },
  { header: 'to', value: ({ day }) => money(day.high), align: 'right' },
  { header: 'in', value: (bite) => (isBetween(bite) ? 'yes' : bite.within ? 'near' : 'no') },
  {
    header: 'debt off',
    value: ({ debt, tab }) => `${(((debt - tab) / tab) * 100).toFixed(4)} %`,
    align: 'right',
  },
]

/** Prints predicted against actual liquidations. */
export const backtest = (folder: URL): readonly string[] => {
  const ledger = readLedger(folder)
  const bites = wholeBites(ledger)
  const off = bites.map(({ debt, tab }) => Math.abs(debt / tab - 1)).sort((a, b) => a - b)
  const within = bites.filter((bite) => bite.within).length
  const percent = (share = 0): string => `${(share * 100).toFixed(4)} %`
  return [
    `Maker ETH-B: ${ledger.entries.length} entries replayed, ${bites.length} liquidations of whole vaults`,
    '',
    ...table(bites, COLUMNS, { width: 80 }),
    '',
    `${bites.filter(isBetween).length} of ${bites.length} predicted prices lie between the two daily prices around them (USD),`,
    `${within} between 0.85 times the lower and 1.1 times the higher one`,
    `debt off its tab by ${percent(off[Math.floor(off.length / 2)])} in the median, by ${percent(off.at(-1))} at most`,
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${backtest(RECORDED).join('\n')}\n`)
