import { type Hex, numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  type MorphoChain,
  openMorphoPositions,
} from '../chain/morpho-blue.ts'
import { morphoConfig } from '../helpers/morpho-blue.ts'
import { memoryDatabase, scanAfresh, scanLocal } from '../helpers/scanning.ts'

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

  test('under the key of an earlier scan that read all: what is left over is unpriced, until a full scan', async () => {
    const db = memoryDatabase()
    const all = await scanLocal(configOf(), db)
    const narrowed = await scanLocal(configOf([honest]), db)
    expect(narrowed.coverage.positions).toBe(all.coverage.positions)
    expect(narrowed.coverage.debtCovered).toBe(1)
    expect(narrowed.coverage.notes.join('\n')).toMatch(
      /cannot be priced: its market is none of those that the deployment names: scan with --full/,
    )
    expect(narrowed.book('ETH').rows.find(({ id }) => id.startsWith(swollen))?.outcome).toBe('unpriced')
    const { coverage } = await scanLocal(configOf([honest]), db, { full: true })
    expect(coverage).toMatchObject({ status: 'complete', unpriced: 0 })
    expect(coverage.positions).toBeLessThan(all.coverage.positions)
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
