import { parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import { buildDiff } from '../../src/diff.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { deployEuler, type EulerChain, eulerKey, openEulerPositions, vaultOf } from '../chain/euler-v2.ts'
import { eulerConfig } from '../helpers/euler-v2.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const weth = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)

const rowsOf = ({ book }: Scanned) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))

/** Anyone can create a vault with an oracle of his own: a deployment may name those whose loans it reads. */
describe('vaults that the deployment names', () => {
  let anvil: Anvil
  let chain: EulerChain

  const configOf = (vaults: readonly string[]): Config => {
    const config = eulerConfig(chain)
    const sources = config.sources.map((source) => ({
      ...source,
      inline: { ...(source.inline as object), vaults },
    }))
    return { ...config, sources }
  }

  const openBoth = (first: number) =>
    openEulerPositions(
      chain,
      [
        { vault: 'eUSDC', collateral: { eWETH: weth('10') }, borrow: usdc('9000') },
        { vault: 'eWETH', collateral: { eWBTC: parseUnits('1', 8) }, borrow: weth('3') },
      ],
      { first },
    )

  beforeAll(async () => {
    anvil = await startAnvil()
    chain = await deployEuler(anvil)
  })
  afterAll(() => anvil?.stop())

  test('alone are read and counted, by a first scan and by the next', async () => {
    const [account = '0x'] = await openBoth(3000)
    const named = vaultOf(chain, 'eUSDC')
    const all = await scanAfresh(eulerConfig(chain))
    expect(all.coverage).toMatchObject({ status: 'complete', positions: 2 })

    const db = memoryDatabase()
    const config = configOf([named.toLowerCase()])
    const { coverage, book } = await scanLocal(config, db)
    expect(coverage).toMatchObject({ status: 'complete', positions: 1, debtCovered: 1, error: null })
    expect(coverage.debtUsd).toBeLessThan(all.coverage.debtUsd)
    // who is nowhere but in other vaults is none of its accounts
    expect(coverage.accounts).toBe(1)
    expect(all.coverage.accounts).toBe(2)
    expect(coverage.notes).toContain(
      'only the loans of the 1 vault that the deployment names are read: Euler may have others',
    )
    expect(book('ETH').rows.map(({ id }) => id)).toEqual([eulerKey(chain, 'eUSDC', account)])

    await openBoth(4000)
    const later = await scanLocal(config, db)
    expect(later.coverage).toMatchObject({ status: 'complete', positions: 2, debtCovered: 1 })
  })

  test('fewer or more of them under an existing key: neither stays nor is missing', async () => {
    const db = memoryDatabase()
    const named = [vaultOf(chain, 'eUSDC')]
    const all = await scanLocal(eulerConfig(chain), db)
    const narrowed = await scanLocal(configOf(named), db)
    expect(narrowed.coverage).toMatchObject({ status: 'complete', unpriced: 0, debtCovered: 1, error: null })
    expect(narrowed.coverage.positions).toBeLessThan(all.coverage.positions)
    expect(rowsOf(narrowed)).toEqual(rowsOf(await scanAfresh(configOf(named))))
    const { sources, total, moversTotal } = buildDiff(db, {
      driver: 'ETH',
      from: 1,
      to: 2,
      entities: new Map(),
      minUsd: 100,
      limit: 5,
    })
    expect(moversTotal).toBe(0)
    expect(total.parts.filter(({ part }) => part !== 'interest')).toEqual([])
    expect(sources.notes.join()).toMatch(
      /one of the scans names its markets: the \d+ positions? of the other/,
    )

    await openBoth(5000)
    await scanLocal(configOf(named), db)
    const wide = await scanLocal(eulerConfig(chain), db)
    expect(wide.coverage).toMatchObject({
      status: 'complete',
      positions: all.coverage.positions + 2,
      debtCovered: 1,
    })
    expect(rowsOf(wide)).toEqual(rowsOf(await scanAfresh(eulerConfig(chain))))
  })

  test('one that the factory has not created is a gap with its address', async () => {
    const { coverage } = await scanAfresh(configOf([vaultOf(chain, 'eUSDC'), chain.tokens.WETH]))
    expect(coverage.status).toBe('partial')
    expect(coverage.error).toBe(
      `the factory has created no vault ${chain.tokens.WETH}: check "vaults" of the deployment`,
    )
    await expect(scanAfresh(configOf(['0x12']))).rejects.toThrow(/deployment\.vaults\.0: not an address/)
  })
})
