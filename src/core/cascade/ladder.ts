import type { LiquidationRule } from './rules.ts'

/** A position below spot, at its liquidation price. */
export type CascadePosition = {
  readonly source: string
  readonly id: string
  /** The last driver price at which it is liquidatable, USD. */
  readonly price: number
  /** Driver-exposed collateral, in units of the driver. */
  readonly driverAmount: number
  /** USD, at the liquidation price where the debt moves with the driver. */
  readonly debtUsd: number
  /** Liquidation threshold of the driver-exposed collateral, in (0, 1]. */
  readonly threshold: number
  /** What the liquidator earns on repaid debt, 0.05 for 5 %; null takes the rule's typical one. */
  readonly bonus: number | null
  readonly rule: LiquidationRule
}

/** One liquidation that waits for the market. */
export type Rung = {
  /** USD of the driver. */
  readonly price: number
  /** Collateral taken, in units of the driver. */
  readonly amount: number
  readonly repaidUsd: number
  /** Debt that no collateral is left for afterwards, USD; 0 on all rungs but the last. */
  readonly unpaidUsd: number
}

export type Ladder = {
  readonly rungs: readonly Rung[]
  /**
   * LT·cost ≥ 1: a liquidation lowers the health factor, so the first one brings the next at once. Where the penalty is
   * the protocol's, the debt is repaid without it.
   */
  readonly toxic: boolean
  /** What the liquidated collateral pays for: 1 + bonus, or 1 where the penalty is the protocol's. */
  readonly cost: number
  /** Debt that collateral outside the driver carries at its threshold, USD. */
  readonly backedUsd: number
}

/**
 * What the price does on its way down. `continuous`: it visits every trigger, so each health factor is 1 there.
 * `jump`: it may skip to where the first health factor is low enough for the whole debt.
 */
export type Path = 'continuous' | 'jump'

/** A position is expanded to at most this many liquidations; what is left then stays open. */
export const MAX_RUNGS = 6

/** Bonus of a position, 0.05 for 5 %. */
export const bonusOf = ({ bonus, rule }: CascadePosition): number => bonus ?? rule.typicalBonus

type Open = { readonly amount: number; readonly debtUsd: number; readonly price: number }

/** The most that one liquidation takes at `price`, and the debt it repays. */
const liquidate = (
  { amount, debtUsd, price }: Open,
  {
    rule,
    share,
    bonus,
    cost,
    whole,
  }: { rule: LiquidationRule; share: number; bonus: number; cost: number; whole: boolean },
): { readonly taken: number; readonly repaidUsd: number } => {
  const wanted = whole ? debtUsd : Math.min(share * debtUsd, debtUsd - rule.minLeftoverUsd)
  const needed = (wanted * (1 + bonus)) / price
  const leaves = (amount - needed) * price
  if (leaves <= 0) return { taken: amount, repaidUsd: Math.min(wanted, (amount * price) / cost) }
  if (rule.takesAll) return { taken: amount, repaidUsd: wanted }
  if (whole || leaves >= rule.minLeftoverUsd) return { taken: needed, repaidUsd: wanted }
  const taken = Math.max(0, amount - rule.minLeftoverUsd / price)
  return { taken, repaidUsd: (taken * price) / (1 + bonus) }
}

/** A position that is only brought back to a health factor of 1 would fall again at once: at least so far is played. */
const LEAST_TARGET = 1.01

/**
 * Share of the debt that one liquidation may repay at a health factor of 1. To come back to the health factor t it takes
 * (t − 1) / (t − LT·(1+b)) of it.
 */
const shareOf = (
  { closeFactor, targetHealthFactor }: LiquidationRule,
  { threshold, bonus }: { readonly threshold: number; readonly bonus: number },
): number => {
  if (targetHealthFactor === undefined) return closeFactor
  const target = Math.max(targetHealthFactor, LEAST_TARGET)
  const relief = target - threshold * (1 + bonus)
  return relief > 0 ? Math.min(1, (target - 1) / relief) : 1
}

/**
 * The liquidations of a position from its own price down. With close factor k they form a geometric ladder of ratio
 * ρ = (1 − k) / (1 − k·LT·(1+b)); collateral outside the driver keeps its value and moves the later rungs.
 */
export const ladderOf = (position: CascadePosition, path: Path = 'continuous'): Ladder => {
  const { rule } = position
  const bonus = bonusOf(position)
  const cost = rule.penaltyToProtocol ? 1 : 1 + bonus
  let { price, driverAmount: amount, debtUsd } = position
  if (!(price > 0 && amount > 0 && debtUsd > 0 && position.threshold > 0))
    return { rungs: [], toxic: false, cost, backedUsd: 0 }

  const threshold = Math.min(position.threshold, debtUsd / (amount * price))
  const backedUsd = Math.max(0, debtUsd - amount * threshold * price)
  const toxic = threshold * cost >= 1
  const share = shareOf(rule, { threshold, bonus })
  const low = path === 'jump' ? (rule.wholeAtHealthFactor ?? 0) : 0
  const cliff = Math.max(0, (low * debtUsd - backedUsd) / (amount * threshold))
  const rungs: Rung[] = []
  while (rungs.length < MAX_RUNGS && amount > 0 && debtUsd > backedUsd) {
    const small = amount * price < rule.wholeBelowUsd || debtUsd < rule.wholeBelowUsd
    const whole = toxic || small || share >= 1 || price <= cliff
    const { taken, repaidUsd } = liquidate({ amount, debtUsd, price }, { rule, share, bonus, cost, whole })
    amount = taken < amount ? amount - taken : 0
    debtUsd = repaidUsd < debtUsd ? debtUsd - repaidUsd : 0
    const unpaidUsd = amount > 0 ? 0 : Math.max(0, debtUsd - backedUsd)
    rungs.push({ price, amount: taken, repaidUsd, unpaidUsd })
    const next = amount > 0 ? (debtUsd - backedUsd) / (amount * threshold) : 0
    price = Math.min(price, Math.max(next, cliff))
  }
  return { rungs, toxic, cost, backedUsd }
}
