import { toCents } from '../bands/cents.ts'
import { type CascadeBook, rungCount } from './book.ts'

/** Debt that the collateral does not cover in the end, USD. */
export type BadDebt = {
  /** Every rung executed at its own price: only what a liquidation at a health factor of 1 cannot cover. */
  readonly continuousUsd: number
  /** Every rung executed at the market's price when it fired, what is left valued at the final price. */
  readonly jumpUsd: number
}

/**
 * Bad debt of the rungs that fired. Collateral c at price P repays c·P/(1+b) of debt, so after a fall D in one jump a
 * position of health factor H loses from D* = max(1 − 1/H, 1 − (1+b)·LT/H) on (Gatto 2026).
 */
export const badDebtOf = (book: CascadeBook, executedAt: Float64Array, finalPrice: number): BadDebt => {
  const { taken, repaidUsd, unpaidUsd, position } = book.rungs
  const { amount, debtUsd, backedUsd, cost } = book.positions
  const left = amount.slice()
  const owed = debtUsd.slice()
  const touched = new Uint8Array(left.length)
  let continuous = 0
  for (let rung = 0; rung < rungCount(book); rung++) {
    const price = executedAt[rung] ?? Number.NaN
    if (Number.isNaN(price)) continue
    const owner = position[rung] ?? 0
    const amountTaken = taken[rung] ?? 0
    const repaid = Math.min(repaidUsd[rung] ?? 0, (amountTaken * price) / (cost[owner] ?? 1))
    touched[owner] = 1
    left[owner] = (left[owner] ?? 0) - amountTaken
    owed[owner] = (owed[owner] ?? 0) - repaid
    continuous += toCents(unpaidUsd[rung] ?? 0)
  }
  let jump = 0
  for (let i = 0; i < left.length; i++) {
    if (touched[i] !== 1) continue
    const covered = (Math.max(0, left[i] ?? 0) * finalPrice) / (cost[i] ?? 1)
    jump += toCents(Math.max(0, (owed[i] ?? 0) - (backedUsd[i] ?? 0) - covered))
  }
  return { continuousUsd: continuous / 100, jumpUsd: jump / 100 }
}
