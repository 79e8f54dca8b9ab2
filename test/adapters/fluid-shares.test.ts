import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fluid } from '../../src/adapters/fluid.ts'
import type { FluidMarkets } from '../../src/adapters/fluid-markets.ts'
import { toNumber } from '../../src/core/units.ts'
import { verify } from '../../src/verify.ts'
import { startAnvil } from '../chain/anvil.ts'
import { deployFluid, type FluidChain, openFluid, type VaultSpec } from '../chain/fluid.ts'
import { fluidConfig, limitOf, ownerOf } from '../helpers/fluid.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const UNIT = 10n ** 18n
const EVEN = { threshold: 900, penalty: 200, exchangePrices: [10n ** 12n, 10n ** 12n] } as const

const SPECS: readonly VaultSpec[] = [
  { supply: 'wstETH-WETH', borrow: 'USDC', shape: { over: 'ETH', moving: 1.2, debtStill: 1 }, ...EVEN },
  { supply: 'wstETH', borrow: 'USDC-USDT', shape: { over: 'ETH', moving: 1.2, debtStill: 1 }, ...EVEN },
  {
    supply: 'WETH-USDC',
    borrow: 'WETH-USDC',
    shape: { over: 'ETH', product: 3000, debtMoving: 1, debtStill: 3000 },
    ...EVEN,
  },
  {
    supply: 'wstETH-WETH',
    borrow: 'wstETH-WETH',
    shape: { over: 'ETH', moving: 1.2, debtMoving: 1.2 },
    ...EVEN,
  },
  {
    supply: 'wstETH-WETH',
    borrow: 'native',
    shape: { over: 'ETH', under: 'ETH', moving: 1.2, debtStill: 1 },
    ...EVEN,
  },
  {
    supply: 'WETH-USDC',
    borrow: 'WETH-USDC',
    shape: { over: 'one', under: 'USDC/ETH', product: 3000, debtMoving: 1, debtStill: 3000 },
    ...EVEN,
  },
  // by a feed that nobody knows
  { supply: 'wstETH-WETH', borrow: 'USDC', shape: { over: 'still', moving: 3600, debtStill: 1 }, ...EVEN },
]
const [SHARE_TOKEN, TOKEN_SHARE, VOLATILE, PEGGED, RATE, PAIR, UNKNOWN] = [
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
] as const

/** How far under the limit each position stands, in ticks of 0.15 %. */
const UNDER = 100

const rowOf = (scanned: Scanned, id: string) => {
  const row = scanned.book('ETH').rows.find((one) => one.id === id)
  if (!row) throw new Error(`no row of ${id}`)
  return row
}

describe('vaults on shares of a DEX (stand-in)', () => {
  let chain: FluidChain
  let prices: Record<Address, number | string>
  let scanned: Scanned

  beforeAll(async () => {
    chain = await deployFluid(await startAnvil(), SPECS)
    for (const vault of chain.vaults)
      await openFluid(chain, vault, [
        { owner: ownerOf(vault.id), tick: limitOf(vault.spec) - UNDER, supply: 10n * UNIT, dust: 0n },
      ])
    const { USDC, USDT, WETH, wstETH } = chain.tokens
    prices = { [USDC]: 1, [USDT]: 1, [WETH]: 'ETH', [wstETH]: 3600 }
    scanned = await scanAfresh(fluidConfig(chain, prices))
  })
  afterAll(() => chain?.anvil.stop())

  test('are complete: no gap, no position without a price', () => {
    expect(scanned.coverage).toMatchObject({ status: 'complete', unpriced: 0, debtCovered: 1, error: null })
    expect(scanned.coverage.notes.join('\n')).toContain('shown as the tokens that the DEX takes for them')
  })

  test('whose oracle takes the price of its pair from feeds of its own are named with these', () => {
    const [line = ''] = scanned.coverage.notes.filter((note) => note.includes('priced by feeds of a pair'))
    expect(line).toMatch(/^3 vaults are priced by feeds of a pair/)
    expect(line).toContain(chain.feeds.ETH)
    expect(line.match(/0x\w{40}/g)?.length).toBe(3)
  })

  test('a share against a token is worth what the oracle says, and moves as it does', () => {
    const { collateral, collateralUsd, price, outcome } = rowOf(scanned, SHARE_TOKEN)
    expect(collateral).toMatchObject([
      { symbol: 'wstETH-WETH share', asset: chain.dexes['wstETH-WETH'], amount: String(10n * UNIT) },
    ])
    // 0.5 wstETH at 1.2 ETH and 0.6 ETH for a share
    expect(collateral[0]?.usd).toBeCloseTo(10 * 1.2 * 3000, 6)
    expect(collateralUsd).toBeCloseTo(36_000, 6)
    const stated = fluid
      .prices(scanned.markets as FluidMarkets)
      .find(({ asset }) => asset === chain.vaults[0]?.vault)
    expect(toNumber(stated?.price ?? 0n, stated?.decimals ?? 0)).toBe(3600)
    expect(outcome).toBe('below')
    expect((price ?? 0) / 3000).toBeCloseTo(1.0015 ** -UNDER, 2)
  })

  test('debt in shares is shown as the tokens that the DEX takes for it', () => {
    const { debt, debtUsd, collateral, price, outcome } = rowOf(scanned, TOKEN_SHARE)
    const owed = 36_000 * 0.9 * 1.0015 ** -UNDER
    expect(debt.map(({ symbol }) => symbol)).toEqual(['USDC', 'USDT'])
    for (const { usd, amount } of debt) {
      expect((usd ?? 0) / owed).toBeCloseTo(0.5, 2)
      expect(Number(amount) / 1e6 / owed).toBeCloseTo(0.5, 2)
    }
    expect(debtUsd / owed).toBeCloseTo(1, 2)
    expect(collateral).toMatchObject([{ symbol: 'wstETH', usd: 36_000 }])
    expect(outcome).toBe('below')
    expect((price ?? 0) / 3000).toBeCloseTo(1.0015 ** -UNDER, 2)
  })

  test('shares against shares that move apart: a fall and a rise liquidate it, half of it moves', () => {
    const { collateral, debt, collateralUsd, price, reason, outcome } = rowOf(scanned, VOLATILE)
    expect(collateral).toMatchObject([
      { symbol: 'WETH', amount: String(10n * UNIT), usd: 30_000 },
      { symbol: 'USDC', amount: String(30_000n * 10n ** 6n), usd: 30_000 },
    ])
    expect(debt.map(({ symbol }) => symbol)).toEqual(['WETH', 'USDC'])
    // worth 2·√(3000·P) against 3000 + P: with P = 3000·x that is √x against (1 + x) / 2
    const share = (x: number) => (2 * Math.sqrt(x)) / (1 + x)
    const at = 1.0015 ** -UNDER
    const found = (price ?? 0) / 3000
    expect(share(found)).toBeCloseTo(at, 2)
    const [, other = '0'] = /to ([\d.]+) liquidates it too/.exec(reason ?? '') ?? []
    expect(found * (Number(other) / 3000)).toBeCloseTo(1, 3)
    expect(collateralUsd).toBe(outcome === 'above' ? 60_000 : 30_000)
  })

  test('a feed that states its pair in ETH moves against ETH, and the contract agrees under it', async () => {
    const { price, outcome, reason } = rowOf(scanned, PAIR)
    const same = rowOf(scanned, VOLATILE)
    expect(outcome).toBe(same.outcome)
    expect((price ?? 0) / (same.price ?? 1)).toBeCloseTo(1, 6)
    expect(reason).toMatch(/liquidates it too$/)
    expect(scanned.coverage.notes.join('\n')).toMatch(
      /ETH: the feed of USDC \/ ETH \(0x\w{40}\) moves with it, while the other side of the pair keeps its USD value/,
    )
    const config = fluidConfig(chain, prices)
    const db = memoryDatabase()
    const { book } = await scanLocal(config, db)
    const { sampled, agreed, disagreed } = await verify({ config, db, book: book('ETH'), sample: null })
    expect(disagreed).toEqual([])
    expect(agreed).toBe(sampled)
    expect(sampled).toBe(4)
  })

  test('a share whose oracle moves with no known feed follows what its tokens are known to follow', async () => {
    expect(rowOf(scanned, UNKNOWN).outcome).toBe('never')
    const config = fluidConfig(chain, prices)
    const { WETH, wstETH } = chain.tokens
    const local = { ...config.drivers.ETH?.local, byHand: { [WETH]: 1, [wstETH]: 1 } }
    const told = await scanAfresh({
      ...config,
      drivers: { ...config.drivers, ETH: { local: { feeds: [], pools: [], ...local } } },
    })
    const row = rowOf(told, UNKNOWN)
    expect(row.outcome).toBe('below')
    expect((row.price ?? 0) / 3000).toBeCloseTo(1.0015 ** -UNDER, 2)
  })

  test.each([
    ['against themselves', PEGGED],
    ['against a token that moves with them, by an oracle that stands still', RATE],
  ])('pegged shares %s: no price of the driver liquidates them', (_, id) => {
    const { outcome, reason, debtUsd } = rowOf(scanned, id)
    expect([outcome, reason]).toEqual(['never', 'collateral and debt move together'])
    expect(debtUsd / (36_000 * 0.9 * 1.0015 ** -UNDER)).toBeCloseTo(1, 2)
  })

  test('where nobody prices a token of the debt, the position is unpriced and nothing is 0', async () => {
    const { [chain.tokens.USDT]: _, ...rest } = prices
    const without = await scanAfresh(fluidConfig(chain, rest))
    expect(rowOf(without, TOKEN_SHARE)).toMatchObject({
      outcome: 'unpriced',
      reason: 'nobody prices USDT in USD: name it in chains.<chain>.usd.prices',
      debt: [{ symbol: 'USDC' }, { symbol: 'USDT', usd: null }],
    })
    expect(rowOf(without, SHARE_TOKEN).outcome).toBe('below')
    expect(without.coverage.status).toBe('partial')
  })

  test('collateral that nobody prices is worth what the oracle says it is in debt', async () => {
    const { [chain.tokens.wstETH]: _, ...rest } = prices
    const without = await scanAfresh(fluidConfig(chain, rest))
    const [collateral] = rowOf(without, TOKEN_SHARE).collateral
    expect(collateral?.usd).toBeCloseTo(36_000, 0)
    expect(rowOf(without, TOKEN_SHARE).price).toBe(rowOf(scanned, TOKEN_SHARE).price)
  })

  test('a DEX that does not tell what its shares stand for leaves debt in them unpriced, and collateral to the oracle', async () => {
    const dexes = ['USDC-USDT', 'wstETH-WETH'].map((name) => chain.dexes[name] ?? '0x')
    const codes = await Promise.all(dexes.map((dex) => chain.anvil.rpc('eth_getCode', [dex, 'latest'])))
    for (const dex of dexes) await chain.anvil.rpc('anvil_setCode', [dex, '0x'])
    const without = await scanAfresh(fluidConfig(chain, prices))
    for (const [i, dex] of dexes.entries()) await chain.anvil.rpc('anvil_setCode', [dex, codes[i]])
    expect(rowOf(without, TOKEN_SHARE)).toMatchObject({
      outcome: 'unpriced',
      reason: 'the DEX of vault 2 (wstETH/DEX share) does not tell what its debt shares stand for',
      debt: [{ symbol: 'DEX share', usd: null }],
    })
    expect(rowOf(without, SHARE_TOKEN)).toMatchObject({
      outcome: 'below',
      price: rowOf(scanned, SHARE_TOKEN).price,
      collateral: [{ symbol: 'DEX share', usd: 36_000 }],
    })
  })

  test('the total that the protocol reports is in USD too', () => {
    const { vaults } = scanned.markets as FluidMarkets
    expect(Object.values(vaults).map(({ smart }) => [smart.supply, smart.borrow])).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
      [true, false],
      [true, true],
      [true, false],
    ])
    const { debtUsd, protocolDebtUsd } = scanned.coverage
    const rows = scanned.book('ETH').rows.reduce((sum, row) => sum + row.debtUsd, 0)
    expect(debtUsd / rows).toBeCloseTo(1, 6)
    expect((protocolDebtUsd ?? 0) / rows).toBeCloseTo(1, 6)
  })
})
