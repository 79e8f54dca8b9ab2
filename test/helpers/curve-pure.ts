import { getAddress } from 'viem'
import type { CurveAccount } from '../../src/adapters/curve-accounts.ts'
import type { CurveMarket, CurveMarkets } from '../../src/adapters/curve-markets.ts'
import { WAD } from '../../src/core/units.ts'

const at = (n: number) => getAddress(`0x${n.toString(16).padStart(40, '0')}`)

export const PURE_CONTROLLER = at(0xc0)
export const PURE_COLLATERAL = at(0xc1)
export const PURE_BORROWED = at(0xc2)

/** A mint market that stands on no chain: A = 100, an oracle price of 2000, tokens of 18 decimals, unless told. */
export const pureCurve = (
  market: Partial<CurveMarket> = {},
  { decimals = 18, ...rest }: Partial<Pick<CurveMarkets, 'kind' | 'usd'>> & { decimals?: number } = {},
): CurveMarkets => ({
  kind: 'mint',
  markets: {
    [PURE_CONTROLLER]: {
      controller: PURE_CONTROLLER,
      amm: at(0xc3),
      oracle: at(0xc4),
      collateral: PURE_COLLATERAL,
      borrowed: PURE_BORROWED,
      loans: 1,
      totalDebt: 0n,
      amplification: 100n,
      activeBand: 0,
      price: 2000n * WAD,
      ammPrice: 2000n * WAD,
      ...market,
    },
  },
  tokens: {
    [PURE_COLLATERAL]: { symbol: 'WETH', decimals },
    [PURE_BORROWED]: { symbol: 'crvUSD', decimals: 18 },
  },
  usd: { [PURE_BORROWED]: { price: WAD, decimals: 18, ask: null, feeds: [] } },
  ...rest,
})

/** An amount cut evenly into the bands; what does not go up is left out. */
export const evenly = (amount: bigint, bands: number): readonly bigint[] =>
  Array.from({ length: bands }, () => amount / BigInt(bands))

/** A loan of 1,000 in bands 10 to 19, healthy by the record, unless told. */
export const pureLoan = (loan: Partial<CurveAccount> = {}): CurveAccount => ({
  controller: PURE_CONTROLLER,
  debt: 1000n * WAD,
  n1: 10,
  n2: 19,
  priceUp: 1800n * WAD,
  priceDown: 1627n * WAD,
  x: evenly(0n, 10),
  y: evenly(WAD, 10),
  discount: 6n * 10n ** 16n,
  health: WAD / 10n,
  ...loan,
})
