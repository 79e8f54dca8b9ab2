import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fluid } from '../../src/adapters/fluid.ts'
import type { FluidAccount } from '../../src/adapters/fluid-accounts.ts'
import { fluidDeployments } from '../../src/adapters/fluid-deployments.ts'
import type { FluidMarkets } from '../../src/adapters/fluid-markets.ts'
import { amountOf, decodePosition, isAbove, liquidationTick } from '../../src/adapters/fluid-rules.ts'
import { ratioAtTick } from '../../src/adapters/fluid-ticks.ts'
import { knownChainId } from '../../src/config.ts'
import { toNumber, WAD } from '../../src/core/units.ts'
import { startAnvil } from '../chain/anvil.ts'
import { deployFluid, type FluidChain, fluidActions, openFluid, type VaultOnChain } from '../chain/fluid.ts'
import { fluidConfig, limitOf, ownerOf } from '../helpers/fluid.ts'
import { type Scanned, scanAfresh } from '../helpers/scanning.ts'

const UNIT = 10n ** 18n

const rowOf = (scanned: Scanned, id: string, driver = 'ETH') => {
  const row = scanned.book(driver).rows.find((one) => one.id === id)
  if (!row) throw new Error(`no row of ${id}`)
  return row
}

const positionIn = ({ markets, accounts }: Scanned, id: string) =>
  fluid.position(markets as FluidMarkets, id, accounts.get(id) as FluidAccount)

describe('traps of Fluid (stand-in of a vault of type 1, ETH against USDC)', () => {
  let chain: FluidChain
  let vault: VaultOnChain
  let act: ReturnType<typeof fluidActions>
  let limit: number
  let minted = 0

  beforeAll(async () => {
    chain = await deployFluid(await startAnvil(), [
      {
        supply: 'native',
        borrow: 'USDC',
        threshold: 870,
        penalty: 300,
        exchangePrices: [1_034_567_890_123n, 1_087_654_321_098n],
      },
    ])
    vault = chain.vaults[0] as VaultOnChain
    act = fluidActions(chain, vault)
    limit = limitOf(vault.spec)
  })
  afterAll(() => chain?.anvil.stop())

  const open = async (tick: number | null, dust = 0n, owner: Address = ownerOf(1)): Promise<string> => {
    await openFluid(chain, vault, [{ owner, tick, supply: 10n * UNIT, dust }])
    minted += 1
    return String(minted)
  }

  test('the price is the tick’s, not that of debt over collateral: up to 0.15 % apart', async () => {
    // dust is debt that the tick counts and nobody owes
    const id = await open(limit - 100, 20_000_000n)
    const scanned = await scanAfresh(fluidConfig(chain))
    const { price } = rowOf(scanned, id)
    const { collateral, debt } = positionIn(scanned, id)
    const naive = toNumber(debt[0]?.amount ?? 0n, 6) / (toNumber(collateral[0]?.amount ?? 0n, 18) * 0.87)
    expect((price ?? 0) / naive).toBeGreaterThan(1.0005)
    expect((price ?? 0) / naive).toBeLessThan(1.0016)
    const { supplyExchangePrice: s, borrowExchangePrice: b } = Object.values(
      (scanned.markets as FluidMarkets).vaults,
    )[0] ?? { supplyExchangePrice: 0n, borrowExchangePrice: 1n }
    const atTick = (Number(ratioAtTick(limit - 100)) / 2 ** 96) * (Number(b) / Number(s)) * (1e12 / 0.87)
    expect((price ?? 0) / atTick).toBeCloseTo(1, 9)
  })

  test('the coin of the chain is priced as its wrapped form', async () => {
    const id = await open(limit - 200)
    const [collateral] = positionIn(await scanAfresh(fluidConfig(chain)), id).collateral
    expect(collateral).toMatchObject({ symbol: 'WETH', asset: chain.tokens.WETH })
    expect(toNumber(collateral?.usd ?? 0n, 18)).toBeCloseTo(10 * 1.034567890123 * 3000, 3)
    expect(collateral?.bonus).toBe(3n * 10n ** 16n)
  })

  test('a position that only supplies owes nothing and is in no list of debtors', async () => {
    const id = await open(null)
    const scanned = await scanAfresh(fluidConfig(chain))
    expect(scanned.accounts.get(id)).toMatchObject({ standing: null, debt: 0n })
    expect(scanned.book('ETH').rows.map((row) => row.id)).not.toContain(id)
  })

  test('liquidated since it was last touched: it stands on another tick, with less', async () => {
    const id = await open(limit - 10)
    const before = rowOf(await scanAfresh(fluidConfig(chain)), id)
    await act.liquidateTick(limit - 10, limit - 60, 0.5, 2n ** 29n)
    const after = rowOf(await scanAfresh(fluidConfig(chain)), id)
    expect(after.debtUsd / before.debtUsd).toBeCloseTo(0.5 * 0.9999, 4)
    expect((after.price ?? 0) / (before.price ?? 1)).toBeCloseTo(1.0015 ** -50, 6)
  })

  test('all of it taken: it owes nothing, and does not stand where it stood', async () => {
    const id = await open(limit - 15)
    await act.liquidateTick(limit - 15, 0, 0, 0n)
    const scanned = await scanAfresh(fluidConfig(chain))
    expect(scanned.accounts.get(id)).toMatchObject({ standing: null, debt: 0n, supply: 0n })
  })

  test('the owner is whoever holds the NFT now', async () => {
    const id = await open(limit - 130)
    await act.transfer(Number(id), ownerOf(77))
    expect(rowOf(await scanAfresh(fluidConfig(chain)), id).owner).toBe(ownerOf(77))
  })

  test('an oracle that refuses is no price of 0', async () => {
    const id = await open(limit - 140)
    await act.refuse(true)
    expect(rowOf(await scanAfresh(fluidConfig(chain)), id)).toMatchObject({
      outcome: 'unpriced',
      reason: 'the oracle of vault 1 (WETH/USDC) refuses to price it',
    })
    await act.refuse(false)
  })

  test('where nobody prices what a vault lends, its positions are unpriced and the remedy is named', async () => {
    const id = await open(limit - 150)
    expect(rowOf(await scanAfresh(fluidConfig(chain, {})), id)).toMatchObject({
      outcome: 'unpriced',
      reason: 'nobody prices USDC in USD: name it in chains.<chain>.usd.prices',
    })
  })
})

describe('the rules of a vault', () => {
  const terms = { supplyExchangePrice: 10n ** 12n, borrowExchangePrice: 10n ** 12n, threshold: 1000n }

  test('above the limit, not at it', () => {
    expect(isAbove({ tick: 8, atEdge: false }, 8)).toBe(false)
    expect(isAbove({ tick: 9, atEdge: false }, 8)).toBe(true)
  })

  test('what was liquidated down to the start of a tick is taken one tick later', () => {
    expect(isAbove({ tick: 9, atEdge: true }, 8)).toBe(false)
    expect(isAbove({ tick: 10, atEdge: true }, 8)).toBe(true)
  })

  test('a price of 0 or beyond 1e54 stops liquidations; one beyond 1e45 counts as 1e45', () => {
    expect(liquidationTick(terms, 0n)).toBeNull()
    expect(liquidationTick(terms, 10n ** 54n + 1n)).toBeNull()
    expect(liquidationTick(terms, 10n ** 50n)).toBe(liquidationTick(terms, 10n ** 45n))
    expect(isAbove({ tick: 1, atEdge: false }, null)).toBe(false)
  })

  test('a storage word is read as the vault’s own comments say', () => {
    const word = (123n << 2n) | 2n | (45n << 21n) | (((77n << 8n) | 3n) << 45n) | ((9n << 8n) << 109n)
    expect(decodePosition(word)).toEqual({ tick: 123, tickId: 45n, supply: 77n << 3n, dust: 9n })
    expect(decodePosition(word & ~2n).tick).toBe(-123)
    expect(decodePosition(word | 1n).tick).toBeNull()
    expect(decodePosition(0n)).toEqual({ tick: null, tickId: 0n, supply: 0n, dust: 0n })
    expect(amountOf((2n ** 56n - 1n) << 8n)).toBe(2n ** 56n - 1n)
  })

  test('a health factor below 1 is a tick above the limit', () => {
    expect((ratioAtTick(8) * WAD) / ratioAtTick(9)).toBeLessThan(WAD)
  })

  test('each deployment is one, on a chain that has a name', () => {
    for (const [key, deployment] of Object.entries(fluidDeployments)) {
      expect(fluid.parseDeployment(deployment)).toEqual({ ...deployment, fromBlock: 0n })
      expect(knownChainId(key.split('/')[0] ?? '')).not.toBeNull()
    }
    expect(() => fluid.parseDeployment({ factory: '0x1', native: '0x1' })).toThrow()
  })
})
