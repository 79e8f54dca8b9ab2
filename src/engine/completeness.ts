import type { AnyAdapter } from '../adapters/adapter.ts'
import { toNumber } from '../core/units.ts'
import type { SourceRecord } from '../store/save.ts'
import { roundingOfSum } from './rounding.ts'

/** Whose word the states are: the chain's, or that of a subgraph, exact but for its rounding or, of some, not even that. */
export type Origin = 'chain' | { readonly inexactDebts: ReadonlySet<string> }

/** What the protocol's own totals say of the accounts. */
export type Completeness = {
  readonly totals: NonNullable<SourceRecord['read']>['totals']
  readonly gaps: readonly string[]
  readonly notes: readonly string[]
  readonly debtUsd: number
  readonly protocolDebtUsd: number | null
  readonly covered: number | null
}

/**
 * How far debts without their latest interest may lie from what they are, as a part of that, before it is said that
 * somebody is missing: 10 %, which is years at the rates that most loans pay.
 */
const APPROXIMATE = 10n

/** What is owed, by how many, and how much of it without its latest interest. */
type Sum = { readonly owed: bigint; readonly accounts: number; readonly inexact: bigint }

const NOTHING: Sum = { owed: 0n, accounts: 0, inexact: 0n }

const sumsOf = (
  adapter: AnyAdapter,
  markets: unknown,
  states: ReadonlyMap<string, unknown>,
  origin: Origin,
): ReadonlyMap<string, Sum> => {
  const sums = new Map<string, Sum>()
  for (const [key, state] of states) {
    const isInexact = origin !== 'chain' && origin.inexactDebts.has(key)
    for (const [asset, amount] of Object.entries(adapter.debts(markets, state))) {
      if (amount === 0n) continue
      const { owed, accounts, inexact } = sums.get(asset) ?? NOTHING
      sums.set(asset, {
        owed: owed + amount,
        accounts: accounts + 1,
        inexact: isInexact ? inexact + amount : inexact,
      })
    }
  }
  return sums
}

/** How far a sum may lie from the total with nobody missing. */
const allowed = (origin: Origin, { owed, accounts, inexact }: Sum): bigint =>
  origin === 'chain' ? 0n : roundingOfSum(owed, accounts) + inexact / (APPROXIMATE - 1n)

const why = (origin: Origin): string =>
  origin === 'chain' ? 'though every account was read; try another endpoint, or report it' : 'by the subgraph'

/** Σ debt of the accounts beside the protocol's own total, token by token, in the protocol's own units. */
export const compareTotals = (
  adapter: AnyAdapter,
  markets: unknown,
  states: ReadonlyMap<string, unknown>,
  origin: Origin = 'chain',
): Completeness => {
  const sums = sumsOf(adapter, markets, states, origin)
  let found = 0n
  let reported = 0n
  const gaps: string[] = []
  const parted: { readonly symbol: string; readonly share: number }[] = []
  const totals = adapter.totals(markets).map(({ asset, symbol, total, tolerance = 0n, usd }) => {
    const sum = sums.get(asset) ?? NOTHING
    const { owed } = sum
    const apart = owed < total ? total - owed : owed - total
    if (apart > tolerance) {
      if (apart <= allowed(origin, sum))
        parted.push({ symbol, share: Number(apart) / Number(owed > total ? owed : total) })
      else
        gaps.push(
          `${symbol}: the accounts found owe ${owed}, the protocol reports ${total} (scaled units), ${why(origin)}`,
        )
    }
    if (usd !== null) {
      found += total === 0n ? 0n : (usd * owed) / total
      reported += usd
    }
    return { asset, symbol, accounts: owed, protocol: total }
  })
  if (totals.length === 0)
    return { totals, gaps, notes: [], debtUsd: 0, protocolDebtUsd: null, covered: null }
  const debtUsd = toNumber(found, 18)
  const protocolDebtUsd = toNumber(reported, 18)
  // exactly 1 is a statement about every token and unit, so no rounding may produce it
  const ratio = protocolDebtUsd === 0 ? 0 : debtUsd / protocolDebtUsd
  const whole = gaps.length + parted.length === 0
  const covered = whole ? 1 : ratio === 1 ? 1 - Number.EPSILON : ratio
  return { totals, gaps, notes: noteOf(origin, parted), debtUsd, protocolDebtUsd, covered }
}

const noteOf = (
  origin: Origin,
  parted: readonly { readonly symbol: string; readonly share: number }[],
): readonly string[] => {
  const [worst] = parted.toSorted((a, b) => b.share - a.share)
  if (!worst) return []
  const { symbol, share } = worst
  return origin !== 'chain' && origin.inexactDebts.size > 0
    ? [
        `approximate: debts are up to ${(share * 100).toPrecision(2)}% apart from the protocol's totals (${symbol})`,
      ]
    : [`debts are apart from the protocol's totals by no more than the rounding of the subgraph`]
}
