/** How much one liquidation takes, per protocol, as data. */
export type LiquidationRule = {
  readonly name: string
  /** Share of the whole debt that one liquidation may repay just below a health factor of 1. */
  readonly closeFactor: number
  /** Instead of the close factor: one liquidation may repay what brings the position back to this health factor. */
  readonly targetHealthFactor?: number
  /** At or below this health factor the whole debt may be repaid; null where there is no such step. */
  readonly wholeAtHealthFactor: number | null
  /** With less collateral or less debt than this, USD, the whole debt may be repaid. */
  readonly wholeBelowUsd: number
  /** A liquidation that leaves both collateral and debt has to leave this much of each, USD. */
  readonly minLeftoverUsd: number
  /** All collateral changes hands, whatever the debt. */
  readonly takesAll: boolean
  /** The penalty is the protocol's own income: without it the debt is still repaid. */
  readonly penaltyToProtocol: boolean
  /** Seconds that the protocol's oracle runs behind the market; what it brings down is a later wave. */
  readonly lagSeconds: number
  /** What a liquidator earns on the debt it repays where the position does not say, 0.05 for 5 %. */
  readonly typicalBonus: number
}

const WHOLE: LiquidationRule = {
  name: 'whole position',
  closeFactor: 1,
  wholeAtHealthFactor: null,
  wholeBelowUsd: 0,
  minLeftoverUsd: 0,
  takesAll: false,
  penaltyToProtocol: false,
  lagSeconds: 0,
  typicalBonus: 0.05,
}

/** Aave v3.3 and later: half of the total debt, all of it when small or far under water (aave-v3-origin, LiquidationLogic). */
export const AAVE: LiquidationRule = {
  ...WHOLE,
  name: 'Aave v3.3+',
  closeFactor: 0.5,
  wholeAtHealthFactor: 0.95,
  wholeBelowUsd: 2000,
  minLeftoverUsd: 1000,
}

/** Aave v3 up to 3.2 and SparkLend: half of the debt, all of it far under water (aave-v3-core, LiquidationLogic). */
export const AAVE_BEFORE_33: LiquidationRule = {
  ...WHOLE,
  name: 'Aave v3 up to 3.2',
  closeFactor: 0.5,
  wholeAtHealthFactor: 0.95,
}

/** Aave V2 as it was built: half of one asset's debt, however far under water (aave/protocol-v2, LendingPoolCollateralManager). */
export const AAVE_V2: LiquidationRule = { ...WHOLE, name: 'Aave v2', closeFactor: 0.5 }

/** Aave V2 since its wind-down: all of one asset's debt at once (bgd-labs/v2-deprecation, the same contract). */
export const AAVE_V2_WIND_DOWN: LiquidationRule = { ...WHOLE, name: 'Aave v2 wind-down' }

/**
 * Aave v4: as much as brings the position back to the spoke's own target, all of it where that is little (aave-v4,
 * LiquidationLogic). The target lies in the spoke's configuration; without it, all of it.
 */
export const AAVE_V4: LiquidationRule = { ...WHOLE, name: 'Aave v4', wholeBelowUsd: 1000 }

/** Morpho Blue and everything else that repays the whole debt and returns what collateral is left. */
export const WHOLE_POSITION: LiquidationRule = WHOLE

/** Compound v3: `absorb` takes the whole account; the protocol sells the collateral at a discount afterwards. */
export const ABSORB: LiquidationRule = { ...WHOLE, name: 'Compound v3 absorb', takesAll: true }

/** Maker (Liquidations 2.0): the whole vault in an auction for debt and penalty, on a price that is an hour old or more (OSM). */
export const MAKER: LiquidationRule = {
  ...WHOLE,
  name: 'Maker vault',
  penaltyToProtocol: true,
  lagSeconds: 3600,
  typicalBonus: 0.13,
}

const RULE_OF_PROTOCOL: Readonly<Record<string, LiquidationRule>> = {
  'aave-v2': AAVE_V2_WIND_DOWN,
  'aave-v3': AAVE,
  'aave-v4': AAVE_V4,
  spark: AAVE_BEFORE_33,
  'compound-v3': ABSORB,
  maker: MAKER,
  sky: MAKER,
}

/** The rule of a source by its protocol, the first part of its key; the whole position where none is known. */
export const ruleOf = (source: string): LiquidationRule =>
  RULE_OF_PROTOCOL[source.split('/')[0] ?? ''] ?? WHOLE_POSITION

/** Morpho Blue's bonus at a threshold, min(1.15, 1 / (1 − 0.3·(1 − LLTV))) − 1 (morpho-blue, ConstantsLib). */
export const morphoBonus = (threshold: number): number => Math.min(1.15, 1 / (1 - 0.3 * (1 - threshold))) - 1
