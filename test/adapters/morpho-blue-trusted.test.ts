import { type Hex, numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import { buildDiff } from '../../src/diff.ts'
import { recompute } from '../../src/report.ts'
import type { Db } from '../../src/store/open.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  asMorphoUser,
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  type MorphoChain,
  openMorphoPositions,
  readParams,
} from '../chain/morpho-blue.ts'
import { MORPHO_SOURCE, morphoConfig } from '../helpers/morpho-blue.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const byId = (a: PositionRow, b: PositionRow) => (a.id < b.id ? -1 : 1)

const rowsOf = ({ book }: Scanned) => book('ETH').rows.toSorted(byId)

const diffOf = (db: Db, from: number, to: number) =>
  buildDiff(db, { driver: 'ETH', from, to, entities: new Map(), minUsd: 100, limit: 5 })

/** Anyone can lend to himself against a token that his own oracle calls dear: a deployment may name what it reads. */
describe('markets that the deployment names', () => {
  let anvil: Anvil
  let chain: MorphoChain
  let honest: Hex
  let swollen: Hex

  const configOf = (markets?: readonly string[]): Config => {
    const config = morphoConfig(chain)
    const sources = config.sources.map((source) => ({
      ...source,
      inline: { ...(source.inline as object), ...(markets && { markets }) },
    }))
    return { ...config, sources }
  }

  beforeAll(async () => {
    anvil = await startAnvil()
    chain = await deployMorphoBlue(anvil)
    const { USDC: loanToken, WETH, WBTC } = chain.tokens
    const oracle = await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' })
    const honestParams = { loanToken, collateralToken: WETH, oracle, lltv: lltvOf(86) }
    honest = await createMarket(chain, honestParams, 10n ** 13n)
    const own = await deployFeedOracle(chain, 'WBTC', 'USDC', { base: 'ETH' })
    const ownParams = { loanToken, collateralToken: WBTC, oracle: own, lltv: lltvOf(86) }
    swollen = await createMarket(chain, ownParams, 10n ** 18n)
    await openMorphoPositions(chain, [
      { market: honest, collateral: 10n ** 18n, borrow: 10n ** 9n },
      { market: swollen, collateral: 10n ** 15n, borrow: 10n ** 16n },
    ])
  })
  afterAll(() => anvil?.stop())

  test('alone are read and counted, and the coverage says so', async () => {
    const all = await scanAfresh(configOf())
    expect(all.coverage).toMatchObject({ status: 'complete', positions: 2 })
    expect(all.coverage.debtUsd).toBeGreaterThan(10 ** 10)
    // written as wallets and explorers write it
    const { coverage, book } = await scanAfresh(configOf([honest.toUpperCase().replace('0X', '0x')]))
    expect(coverage).toMatchObject({ status: 'complete', positions: 1, debtCovered: 1, error: null })
    expect(coverage.debtUsd).toBeCloseTo(1000, 0)
    expect(coverage.notes).toContain(
      'only the 1 market that the deployment names is read: Morpho may have others',
    )
    expect(book('ETH').rows.map(({ id }) => id.split(':')[0])).toEqual([honest])
  })

  test('a loan in another market is none of a later scan', async () => {
    const db = memoryDatabase()
    await scanLocal(configOf([honest]), db)
    await openMorphoPositions(chain, [
      { market: swollen, collateral: 10n ** 15n, borrow: 10n ** 9n },
      { market: honest, collateral: 10n ** 18n, borrow: 10n ** 9n },
    ])
    const later = await scanLocal(configOf([honest]), db)
    expect(later.coverage).toMatchObject({ status: 'complete', positions: 2, debtCovered: 1 })
    expect(later.read).toBe(1)
  })

  test('under the key of an earlier scan that read all: the rest is left out, and nothing of it is repaid', async () => {
    const db = memoryDatabase()
    const all = await scanLocal(configOf(), db)
    const narrowed = await scanLocal(configOf([honest]), db)
    const afresh = await scanAfresh(configOf([honest]))
    expect(narrowed.coverage).toMatchObject({
      status: 'complete',
      accounts: afresh.coverage.accounts,
      positions: afresh.coverage.positions,
      unpriced: 0,
      debtUsd: afresh.coverage.debtUsd,
      debtCovered: 1,
    })
    expect(narrowed.coverage.positions).toBeLessThan(all.coverage.positions)
    expect(rowsOf(narrowed)).toEqual(rowsOf(afresh))
    // as a report of long ago computes them again
    expect(recompute(db, narrowed.stored, 'ETH').toSorted(byId)).toEqual(rowsOf(afresh))
    const left = all.coverage.positions - narrowed.coverage.positions
    for (const [from, to] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const { sources, total, moversTotal } = diffOf(db, from, to)
      expect(total).toMatchObject({ parts: [], change: { positions: 0, collateralUsd: 0, debtUsd: 0 } })
      expect(total.before.positions).toBe(narrowed.coverage.positions)
      expect(moversTotal).toBe(0)
      expect(sources.notes).toEqual([
        `${MORPHO_SOURCE}: one of the scans names its markets: the ${left} positions of the other one elsewhere are not compared`,
      ])
    }
  })

  test('named no longer, or more of them: what the scans between did not read is read again', async () => {
    const [owner = '0x'] = await openMorphoPositions(chain, [
      { market: swollen, collateral: 10n ** 16n, borrow: 10n ** 9n },
    ])
    const params = await readParams(chain, swollen)
    for (const wider of [[honest, swollen], undefined]) {
      const db = memoryDatabase()
      await scanLocal(configOf(), db)
      await scanLocal(configOf([honest]), db)
      // which no total of debt shows
      await asMorphoUser(chain, owner, 'withdrawCollateral', [params, 10n ** 15n, owner, owner])
      await scanLocal(configOf([honest]), db)
      const more = await scanLocal(configOf(wider), db)
      expect(more.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
      expect(rowsOf(more)).toEqual(rowsOf(await scanAfresh(configOf(wider))))
    }

    const other = memoryDatabase()
    const first = await scanLocal(configOf([honest]), other)
    const all = await scanLocal(configOf(), other)
    expect(all.coverage.positions).toBeGreaterThan(first.coverage.positions)
    expect(rowsOf(all)).toEqual(rowsOf(await scanAfresh(configOf())))
    const { read } = await scanLocal(configOf(), other)
    expect(read).toBe(0)
  })

  test('one that nobody has created is a gap; one without loans is not', async () => {
    const nobody = numberToHex(7n, { size: 32 })
    const { coverage } = await scanAfresh(configOf([honest, nobody]))
    expect(coverage.status).toBe('partial')
    expect(coverage.error).toBe(
      `nobody has created market ${nobody} at this block: check "markets" of the deployment`,
    )
    const { WETH, USDC } = chain.tokens
    const oracle = await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' })
    const params = { loanToken: USDC, collateralToken: WETH, oracle, lltv: lltvOf(77) }
    const quiet = await createMarket(chain, params, 1n)
    const { coverage: whole } = await scanAfresh(configOf([honest, quiet]))
    expect(whole).toMatchObject({ status: 'complete', error: null })
  })

  test('what is no id is a problem with its path', async () => {
    await expect(scanAfresh(configOf([chain.morpho]))).rejects.toThrow(
      /deployment\.markets\.0: not a market id \(0x and 64 hexadecimal digits\)/,
    )
    await expect(scanAfresh(configOf([]))).rejects.toThrow(/deployment\.markets: name at least one market/)
  })
})
