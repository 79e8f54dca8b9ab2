import { getAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { aaveV2 } from '../../src/adapters/aave-v2.ts'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import { BASE } from '../../src/adapters/aave-v3-legs.ts'
import type { AaveV3Markets, EMode, Reserve } from '../../src/adapters/aave-v3-markets.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { spark } from '../../src/adapters/spark.ts'
import { crossing } from '../../src/core/liquidation-price.ts'
import type { Leg, Position } from '../../src/core/position.ts'
import { type DriverState, proportionalResponse, quotedResponse } from '../../src/core/price-response.ts'
import { toNumber, WAD } from '../../src/core/units.ts'
import { pricePositions, pricesAt } from '../../src/engine/pricing.ts'
import { pureMarket } from '../helpers/pure-market.ts'

/** The market of all cases: ETH at 2,000, one wstETH worth 1.2 of it. */
const SPOT = 2000_00000000n
const ASSETS = ['WETH', 'wstETH', 'USDC'] as const
type Asset = (typeof ASSETS)[number]
const USD: Readonly<Record<Asset, number>> = { WETH: 2000, wstETH: 2400, USDC: 1 }
const THRESHOLD: Readonly<Record<Asset, bigint>> = { WETH: 8300n, wstETH: 8100n, USDC: 7800n }

type Holding = Partial<Record<Asset, number>>
type Case = {
  readonly title: string
  readonly collateral: Holding
  readonly debt: Holding
  readonly outcome: 'below' | 'above' | 'never'
  /** USD; null where no price of ETH alone liquidates it. */
  readonly exact: number | null
  /** What others say. */
  readonly wrong: number
}

const CASES: readonly Case[] = [
  {
    title: 'several collaterals solved jointly: 1,470, not 1,093',
    collateral: { WETH: 1000, USDC: 1_000_000 },
    debt: { USDC: 2_000_000 },
    outcome: 'below',
    // (2,000,000 − 0.78 · 1,000,000) / (0.83 · 1,000)
    exact: 1_220_000 / 830,
    wrong: 1093,
  },
  {
    title: 'a staked token beside WETH moves with the same ETH price: 1,665, not 1,272',
    collateral: { WETH: 1000, wstETH: 1000 },
    debt: { USDC: 3_000_000 },
    outcome: 'below',
    // 3,000,000 / (0.83 · 1,000 + 0.81 · 1.2 · 1,000)
    exact: 3_000_000 / 1802,
    wrong: 1272,
  },
  {
    title: 'the threshold is not forgotten: 1,878, not 1,558',
    collateral: { WETH: 175_800 },
    debt: { USDC: 274_000_000 },
    outcome: 'below',
    exact: 274_000_000 / (175_800 * 0.83),
    wrong: 1558,
  },
  {
    title: 'a loop of ETH against ETH has no price of ETH: no phantom 2,222',
    collateral: { wstETH: 1000 },
    debt: { WETH: 900 },
    outcome: 'never',
    exact: null,
    wrong: 2222,
  },
  {
    title: 'dollars against an ETH debt fall when ETH rises, not when the dollar does: 2,600, not 0.77',
    collateral: { USDC: 1_000_000 },
    debt: { WETH: 300 },
    outcome: 'above',
    exact: 780_000 / 300,
    wrong: 0.77,
  },
]

const amounts = (holding: Holding): Readonly<Record<string, bigint>> =>
  Object.fromEntries(
    ASSETS.flatMap((asset, id) =>
      holding[asset] === undefined ? [] : [[id, BigInt(holding[asset]) * WAD] as const],
    ),
  )

const marketOf = (
  revision: number,
  decimals: number,
  { quoted = false, eModes = {} }: { quoted?: boolean; eModes?: Record<string, EMode> } = {},
): AaveV3Markets => {
  const unit = 10n ** BigInt(decimals)
  const reserves: Partial<Reserve>[] = ASSETS.map((symbol) => ({
    symbol,
    liquidationThreshold: THRESHOLD[symbol],
    eModeCategory: symbol === 'USDC' ? 0 : 1,
    price: quoted ? (BigInt(USD[symbol]) * unit) / BigInt(USD.WETH) : BigInt(USD[symbol]) * unit,
  }))
  return { ...pureMarket({ revision, reserves, eModes }), baseUnit: unit }
}

const usdEth = { price: SPOT, decimals: 8, ask: null, feeds: [] }

/** The same reserves in every dialect of the family. */
const MARKETS: readonly (readonly [string, AnyAdapter, AaveV3Markets])[] = [
  ['aave-v3 at its newest revision', aaveV3 as AnyAdapter, marketOf(11, 8)],
  ['spark', spark as AnyAdapter, marketOf(1, 8)],
  ['aave-v2 in USD', aaveV2 as AnyAdapter, { ...marketOf(2, 8), family: 'v2' }],
  [
    'aave-v2 in ETH',
    aaveV2 as AnyAdapter,
    {
      ...marketOf(2, 18, { quoted: true }),
      family: 'v2',
      base: { asset: getAddress(`0x${'64'.padStart(40, '0')}`), symbol: 'WETH', usd: usdEth },
    },
  ],
]

/** ETH moves WETH and wstETH one for one, and dollars not at all, whatever their price is expressed in. */
const ethOf = (markets: AaveV3Markets): DriverState => {
  const responses = Object.values(markets.reserves).map(({ asset, symbol, price }) => {
    const exposure = symbol === 'USDC' ? 0n : WAD
    const response = markets.base
      ? quotedResponse(price ?? 0n, SPOT, { exposure, quoteExposure: WAD }, 'config')
      : proportionalResponse(price ?? 0n, SPOT, exposure, 'config')
    return [asset, response] as const
  })
  const base = markets.base ? [[BASE, proportionalResponse(SPOT, SPOT, WAD, 'config')] as const] : []
  return { symbol: 'ETH', spot: SPOT, decimals: 8, responses: Object.fromEntries([...base, ...responses]) }
}

const rowOf = (adapter: AnyAdapter, markets: AaveV3Markets, account: AaveV3Account) => {
  const { ETH = [] } = pricePositions({
    source: `${adapter.name}/pure/market`,
    adapter,
    markets,
    accounts: new Map([['0x01', account]]),
    drivers: [ethOf(markets)],
  })
  const [row] = ETH
  if (!row) throw new Error('the account was dropped')
  return row
}

describe.each(MARKETS)('answers that other tools get wrong, %s', (_, adapter, markets) => {
  test.each(CASES)('$title', ({ collateral, debt, outcome, exact, wrong }) => {
    const account = { eMode: 0, collateral: amounts(collateral), debt: amounts(debt) }
    const row = rowOf(adapter, markets, account)
    expect(row.outcome).toBe(outcome)
    if (exact === null) expect(row.price).toBe(null)
    else {
      // the average threshold of older revisions is cut to whole basis points: up to 0.02 % of the price
      expect(Math.abs((row.price ?? 0) / exact - 1)).toBeLessThan(2e-4)
      expect(Math.abs((row.price ?? 0) / wrong - 1)).toBeGreaterThan(0.1)
    }
    const rule = adapter.isLiquidatable(markets, account)
    const spots = new Map(adapter.prices(markets).map((priced) => [priced.asset, priced.price ?? 0n]))
    const at = (answer: bigint) => rule(pricesAt(ethOf(markets), spots, answer))
    if (row.priceRaw === null)
      for (const percent of [1n, 50n, 99n, 101n, 200n, 10_000n])
        expect([percent, at((SPOT * percent) / 100n)]).toEqual([percent, false])
    else {
      const edge = BigInt(row.priceRaw)
      expect([at(edge), at(outcome === 'below' ? edge + 1n : edge - 1n)]).toEqual([true, false])
    }
  })
})

describe('the same answers from the closed form alone', () => {
  const leg = (asset: Asset, amount: number, threshold: bigint): Leg => ({
    asset,
    pricedAs: asset,
    symbol: asset,
    decimals: 18,
    amount: BigInt(amount) * WAD,
    usd: BigInt(amount) * BigInt(USD[asset]) * WAD,
    threshold: (threshold * WAD) / 10_000n,
    bonus: null,
  })
  const legs = (holding: Holding, thresholdOf: (asset: Asset) => bigint) =>
    ASSETS.flatMap((asset) =>
      holding[asset] === undefined ? [] : [leg(asset, holding[asset], thresholdOf(asset))],
    )

  test.each(CASES)('$title', ({ collateral, debt, outcome, exact }) => {
    const position: Position = {
      id: '1',
      owner: null,
      collateral: legs(collateral, (asset) => THRESHOLD[asset]),
      debt: legs(debt, () => 10_000n),
      healthFactor: null,
      liquidatable: false,
      range: null,
      unpriced: null,
      blocked: null,
    }
    const at = crossing(position, (asset) => (asset === 'USDC' ? 0n : WAD))
    expect(at.kind).toBe(outcome)
    if (at.kind === 'below' || at.kind === 'above')
      expect(toNumber((SPOT * at.numerator * WAD) / at.denominator, 26)).toBeCloseTo(exact ?? 0, 5)
  })
})

describe('e-mode accounts are not dropped', () => {
  const eModes = {
    1: { liquidationThreshold: 9500n, collateralBitmap: 0b011n, priceSource: null, price: null },
  }
  // 1,200 ETH of wstETH against 1,100 ETH and some dollars: beyond 81 %, within 95 %
  const account = {
    eMode: 1,
    collateral: amounts({ wstETH: 1000 }),
    debt: amounts({ WETH: 1100, USDC: 40_000 }),
  }

  test.each([
    ['aave-v3 at its newest revision', aaveV3 as AnyAdapter, 11],
    ['aave-v3 with one category a reserve', aaveV3 as AnyAdapter, 4],
    ['spark', spark as AnyAdapter, 1],
  ])('%s: beyond the ordinary threshold and still safe, with its own price', (_, adapter, revision) => {
    const row = rowOf(adapter, marketOf(revision, 8, { eModes }), account)
    expect(row.outcome).toBe('below')
    // 40,000 / (0.95 · 1,200 − 1,100)
    expect(Math.abs((row.price ?? 0) / 1000 - 1)).toBeLessThan(2e-4)
    expect(row.collateral.map(({ threshold }) => threshold)).toEqual([0.95])
    // without its e-mode it is liquidatable at once
    const ordinary = rowOf(adapter, marketOf(revision, 8, { eModes }), { ...account, eMode: 0 })
    expect(['already', 'insolvent']).toContain(ordinary.outcome)
  })
})
