import { mulDown, RAY, WAD } from '../core/units.ts'

/**
 * The integer rules of Aave V4. Source: alerodriargui/aave-v4 at 5f0e7cbd, a fork of aave/aave-v4 that is public:
 * src/spoke/Spoke.sol (_processUserAccountData), src/spoke/libraries/LiquidationLogic.sol, SpokeUtils.sol and
 * src/hub/libraries/SharesMath.sol, Premium.sol.
 */

/** Basis points in one. */
export const BPS = 10_000n

/** Decimals of every price that a spoke accepts. */
export const PRICE_DECIMALS = 8

/** Assets and shares that a hub adds to both sides of every conversion. */
const VIRTUAL = 1_000_000n

/** What a hub's suppliers own of an asset: raw tokens with interest, and the shares in them. */
export type Supplied = { readonly addedAssets: bigint; readonly addedShares: bigint }

/** Raw tokens of supplied shares, rounded down (IHub.previewRemoveByShares). */
export const suppliedAssets = (shares: bigint, { addedAssets, addedShares }: Supplied): bigint =>
  mulDown(shares, addedAssets + VIRTUAL, addedShares + VIRTUAL)

/** Debt as a spoke stores it, per account and reserve. */
export type StoredDebt = {
  readonly drawnShares: bigint
  /** Shares of the extra interest that risky collateral costs. */
  readonly premiumShares: bigint
  /** What of the premium shares' value is not owed; raw tokens, RAY; it may be negative. */
  readonly premiumOffsetRay: bigint
}

/** The part of the debt that is premium: raw tokens, RAY. */
export const premiumRay = ({ premiumShares, premiumOffsetRay }: StoredDebt, drawnIndex: bigint): bigint =>
  premiumShares * drawnIndex - premiumOffsetRay

/** All that is owed: raw tokens, RAY, never rounded. */
export const debtRay = (debt: StoredDebt, drawnIndex: bigint): bigint =>
  debt.drawnShares * drawnIndex + premiumRay(debt, drawnIndex)

/** One leg as the health calculation sees it. */
export type HealthLeg = {
  /** Raw tokens of collateral; of debt in RAY. */
  readonly amount: bigint
  readonly price: bigint
  /** 10^(18 − decimals of the token). */
  readonly scale: bigint
  /** Basis points; unused for debt. */
  readonly factor: bigint
}

/**
 * The health factor of getUserAccountData, WAD, rounded down.
 * @returns null where there is no debt.
 */
export const healthFactor = (collateral: readonly HealthLeg[], debt: readonly HealthLeg[]): bigint | null => {
  let carried = 0n
  for (const { amount, price, scale, factor } of collateral) carried += amount * price * scale * factor
  let owed = 0n
  for (const { amount, price, scale } of debt) owed += amount * price * scale
  return owed === 0n ? null : (carried * RAY * (WAD / BPS)) / owed
}

/** How a spoke sizes its liquidations. */
export type LiquidationConfig = {
  /** To where a liquidation may bring a position back, WAD. */
  readonly targetHealthFactor: bigint
  /** At or below it the bonus is the largest, WAD. */
  readonly healthFactorForMaxBonus: bigint
  /** Share of the largest bonus that is paid just below a health factor of 1, basis points. */
  readonly liquidationBonusFactor: bigint
}

/** What a liquidator gets for the debt it repays, in basis points (10,500 for 5 % more), by the health factor (WAD). */
export const liquidationBonus = (
  { healthFactorForMaxBonus, liquidationBonusFactor }: LiquidationConfig,
  largest: bigint,
  health: bigint,
): bigint => {
  if (health <= healthFactorForMaxBonus) return largest
  const least = mulDown(largest - BPS, liquidationBonusFactor, BPS) + BPS
  return least + ((largest - least) * (WAD - health)) / (WAD - healthFactorForMaxBonus)
}
