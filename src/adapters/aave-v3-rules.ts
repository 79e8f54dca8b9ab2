import { divHalfUp, mulDown, mulHalfUp, mulUp, RAY, WAD } from '../core/units.ts'

/** Basis points in one. */
export const BPS = 10_000n

/**
 * What changed between the revisions of the Pool that bears on health and liquidation. Source: GenericLogic.sol and
 * UserLogic of aave-dao/aave-v3-origin tags v3.1.0 … v3.7.0 and of @aave/core-v3 1.19.3.
 */
export type Rules = {
  /** `half-up`: rayMul and an average threshold cut to whole basis points; `floor-ceil`: collateral down, debt up. */
  readonly rounding: 'half-up' | 'floor-ceil'
  /** `category`: one category per reserve, with an optional price of its own; `bitmap`: liquid e-mode. */
  readonly eMode: 'category' | 'bitmap'
  /** A reserve with threshold 0 counts for nothing, even inside an e-mode that would give it one. */
  readonly skipZeroThreshold: boolean
  /** One liquidation repays half of all debt, small positions whole; before, half of one asset's. */
  readonly halfOfAllDebt: boolean
  /** How debt at a user's own stable rate compounds: where the rate is cut to whole units; null where there is none. */
  readonly stableDebt: 'cut per second' | 'cut per year' | null
}

/** The newest revision whose rules have been read at its source (3.7). */
export const NEWEST_KNOWN_REVISION = 11

/** Rules of a POOL_REVISION: 1 … 3 = 3.0, 4 = 3.1, 5 … 6 = 3.2, 7 = 3.3, 8 = 3.4, 9 = 3.5, 10 = 3.6, 11 = 3.7. */
export const rulesOf = (revision: number): Rules => ({
  rounding: revision >= 9 ? 'floor-ceil' : 'half-up',
  eMode: revision >= 5 ? 'bitmap' : 'category',
  skipZeroThreshold: revision < 10,
  halfOfAllDebt: revision >= 7,
  stableDebt: revision >= 5 ? null : 'cut per year',
})

/** Aave V2: as V3 before 3.1 but for e-modes, of which it has none. Source: aave/protocol-v2, GenericLogic.sol, MathUtils.sol. */
export const AAVE_V2_RULES: Rules = {
  rounding: 'half-up',
  eMode: 'category',
  skipZeroThreshold: true,
  halfOfAllDebt: false,
  stableDebt: 'cut per second',
}

/** Raw token amount of a scaled balance. */
export const balanceOf = (
  rules: Rules,
  scaled: bigint,
  index: bigint,
  side: 'collateral' | 'debt',
): bigint => {
  if (rules.rounding === 'half-up') return mulHalfUp(scaled, index, RAY)
  return side === 'collateral' ? mulDown(scaled, index, RAY) : mulUp(scaled, index, RAY)
}

/** One leg as the health calculation sees it. */
export type HealthLeg = {
  readonly amount: bigint
  readonly price: bigint
  /** 10^decimals of the token. */
  readonly unit: bigint
  /** Basis points; unused for debt. */
  readonly threshold: bigint
}

type Weighed = { readonly total: bigint; readonly weighted: bigint; readonly average: bigint }

/** Collateral in the base currency: its sum, its threshold-weighted sum (bps), and their ratio cut to whole bps. */
export const averageThreshold = (collateral: readonly HealthLeg[]): Weighed => {
  let total = 0n
  let weighted = 0n
  for (const { amount, price, unit, threshold } of collateral) {
    const value = mulDown(amount, price, unit)
    total += value
    weighted += value * threshold
  }
  return { total, weighted, average: total === 0n ? 0n : weighted / total }
}

/**
 * The health factor of getUserAccountData, WAD, to the integer.
 * @returns null where there is no debt.
 */
export const healthFactor = (
  rules: Rules,
  collateral: readonly HealthLeg[],
  debt: readonly HealthLeg[],
): bigint | null => {
  let owed = 0n
  for (const { amount, price, unit } of debt)
    owed += rules.rounding === 'half-up' ? mulDown(amount, price, unit) : mulUp(amount, price, unit)
  if (owed === 0n) return null
  const { total, weighted, average } = averageThreshold(collateral)
  if (rules.rounding === 'floor-ceil') return divHalfUp(weighted, owed, WAD) / BPS
  return divHalfUp(mulHalfUp(total, average, BPS), owed, WAD)
}

/** Debt at the user's own stable rate as the chain stores it: what was owed at `since` (Unix seconds); the rate is RAY. */
export type StableDebt = { readonly principal: bigint; readonly rate: bigint; readonly since: number }

const YEAR = 31_536_000n

/**
 * What is owed of it at a time: three terms of (1 + rate per second)^seconds, each cut as the contract cuts it.
 * Source: MathUtils.calculateCompoundedInterest and StableDebtToken.balanceOf of aave/protocol-v2 and @aave/core-v3 1.19.3.
 */
export const stableBalance = (
  compounding: NonNullable<Rules['stableDebt']>,
  { principal, rate, since }: StableDebt,
  now: number,
): bigint => {
  const exp = BigInt(now - since)
  if (exp === 0n) return principal
  const perSecond = rate / YEAR
  const square =
    compounding === 'cut per second'
      ? mulHalfUp(perSecond, perSecond, RAY)
      : mulHalfUp(rate, rate, RAY) / (YEAR * YEAR)
  const cube =
    compounding === 'cut per second' ? mulHalfUp(square, perSecond, RAY) : mulHalfUp(square, rate, RAY) / YEAR
  const first = compounding === 'cut per second' ? perSecond * exp : (rate * exp) / YEAR
  const second = (exp * (exp - 1n) * square) / 2n
  const third = (exp * (exp - 1n) * (exp > 2n ? exp - 2n : 0n) * cube) / 6n
  return mulHalfUp(principal, RAY + first + second + third, RAY)
}
