import fc from 'fast-check'
import {
  type DiffLeg,
  type DiffPosition,
  keyOf,
  type Legs,
  type Untouched,
} from '../../../src/core/diff/position.ts'
import { OUTCOMES } from '../../../src/core/position.ts'

/** Random books of two scans, priced by two tables, and what became of each position: nothing, or anything. */

const ASSETS = ['ETH', 'stETH', 'USDC', 'BTC'] as const
type Prices = Readonly<Record<string, number>>

const prices: fc.Arbitrary<Prices> = fc.record(
  Object.fromEntries(ASSETS.map((asset) => [asset, fc.double({ min: 0.5, max: 5000, noNaN: true })])),
)
const exposures: fc.Arbitrary<Prices> = fc.record(
  Object.fromEntries(ASSETS.map((asset) => [asset, fc.constantFrom(0, 0.37, 1)])),
)
const amounts = fc.uniqueArray(
  fc.record({ asset: fc.constantFrom(...ASSETS), amount: fc.bigInt({ min: 1n, max: 10n ** 12n }) }),
  { maxLength: 3, selector: ({ asset }) => asset },
)
type Amounts = readonly { readonly asset: string; readonly amount: bigint }[]
type Holding = { readonly collateral: Amounts; readonly debt: Amounts }
const holding: fc.Arbitrary<Holding> = fc.record({ collateral: amounts, debt: amounts })

type Market = { readonly prices: Prices; readonly exposures: Prices }
const market: fc.Arbitrary<Market> = fc.record({ prices, exposures })

const legsAt = ({ prices, exposures }: Market, holding: Holding): Legs => {
  const leg = ({ asset, amount }: Amounts[number]): DiffLeg => ({
    asset,
    symbol: asset,
    amount,
    usd: (Number(amount) / 1e6) * (prices[asset] ?? 0),
    exposure: exposures[asset] ?? 0,
  })
  return { collateral: holding.collateral.map(leg), debt: holding.debt.map(leg) }
}

const sum = (legs: readonly DiffLeg[], weight: (leg: DiffLeg) => number): number =>
  legs.reduce((total, leg) => total + leg.usd * weight(leg), 0)

const grow = (holding: Holding, percent: bigint): Holding => ({
  collateral: holding.collateral,
  debt: holding.debt.map(({ asset, amount }) => ({ asset, amount: amount + (amount * percent) / 100n })),
})

type Account = {
  readonly before: Holding | null
  readonly after: Holding | null
  readonly touched: boolean
  readonly from: DiffPosition['outcome']
  readonly to: DiffPosition['outcome']
  readonly liquidatable: boolean
}
const outcome = fc.constantFrom(...OUTCOMES)
const account: fc.Arbitrary<Account> = fc.record({
  before: fc.option(holding, { freq: 5 }),
  after: fc.option(holding, { freq: 5 }),
  touched: fc.boolean(),
  from: outcome,
  to: outcome,
  liquidatable: fc.boolean(),
})

/** What counts under an outcome; all of it where missing. Ranges here are sold by a rise. */
const COUNTS: Readonly<Partial<Record<DiffPosition['outcome'], DiffPosition['counts']>>> = {
  below: 'exposed',
  already: 'exposed',
  range: 'fixed',
}

export type TwoBooks = {
  readonly before: readonly DiffPosition[]
  readonly after: readonly DiffPosition[]
  readonly untouched: ReadonlyMap<string, Untouched>
  /** The same seen from the later scan; right where nothing accrued. */
  readonly backwards: ReadonlyMap<string, Untouched>
}

const build = (
  accounts: readonly Account[],
  {
    earlier,
    later,
    interest,
  }: { readonly earlier: Market; readonly later: Market; readonly interest: bigint },
): TwoBooks => {
  const before: DiffPosition[] = []
  const after: DiffPosition[] = []
  const untouched = new Map<string, Untouched>()
  const backwards = new Map<string, Untouched>()
  const position = (i: number, legs: Legs, outcome: DiffPosition['outcome']): DiffPosition => {
    const counts = COUNTS[outcome] ?? 'all'
    const weight = ({ exposure }: DiffLeg): number =>
      counts === 'all' ? 1 : counts === 'exposed' ? exposure : 1 - exposure
    return {
      source: i % 3 === 0 ? 'a' : 'b',
      id: `${i}`,
      owner: `owner ${i % 7}`,
      entity: null,
      outcome,
      counts,
      price: null,
      collateralUsd: sum(legs.collateral, weight),
      debtUsd: sum(legs.debt, () => 1),
      ...legs,
    }
  }
  accounts.forEach((one, i) => {
    const grown = one.before && grow(one.before, interest)
    const held = one.touched ? one.after : grown
    const was = one.before && position(i, legsAt(earlier, one.before), one.from)
    const is = held && position(i, legsAt(later, held), one.touched ? one.to : one.from)
    const common = { liquidatable: one.liquidatable, enforced: true }
    if (was && one.before && grown) {
      before.push(was)
      const repriced = legsAt(later, one.before)
      untouched.set(keyOf(was), { repriced, accrued: legsAt(later, grown), ...common })
    }
    if (is && held) {
      after.push(is)
      const back = legsAt(earlier, held)
      backwards.set(keyOf(is), { repriced: back, accrued: back, ...common })
    }
  })
  return { before, after, untouched, backwards }
}

export const twoBooks: fc.Arbitrary<TwoBooks> = fc
  .tuple(fc.array(account, { maxLength: 25 }), market, market, fc.bigInt({ min: 0n, max: 9n }))
  .map(([accounts, earlier, later, interest]) => build(accounts, { earlier, later, interest }))

/** Books between which neither prices moved nor interest accrued. */
export const twoBooksAtOnce: fc.Arbitrary<TwoBooks> = fc
  .tuple(fc.array(account, { maxLength: 25 }), market)
  .map(([accounts, at]) => build(accounts, { earlier: at, later: at, interest: 0n }))

/** A book, and the same one later. */
export const bookTwice: fc.Arbitrary<TwoBooks> = fc
  .tuple(fc.array(account, { maxLength: 25 }), market)
  .map(([accounts, at]) =>
    build(
      accounts.map((one) => ({ ...one, touched: false })),
      { earlier: at, later: at, interest: 0n },
    ),
  )
