import { toCents } from '../bands/cents.ts'
import { at, columnOf, prefixSums } from '../bands/columns.ts'
import { type CascadePosition, type Ladder, ladderOf, type Path } from './ladder.ts'
import { orderByFallingPrice } from './order.ts'

/** All liquidations that wait below spot, as columns by falling price. */
export type CascadeBook = {
  /** USD of the driver. */
  readonly spot: number
  readonly path: Path
  readonly sources: readonly string[]
  /** Seconds that each source's oracle runs behind the market. */
  readonly lagSeconds: readonly number[]
  readonly toxic: number
  /** Positions whose bonus is the rule's typical one. */
  readonly assumedBonus: number
  readonly rungs: {
    readonly price: Float64Array
    /** Collateral taken, driver units. */
    readonly taken: Float64Array
    /** What of it is sold on the market, driver units. */
    readonly sold: Float64Array
    /** `sold` at the rung's own price, whole cents. */
    readonly cents: Float64Array
    readonly repaidUsd: Float64Array
    readonly unpaidUsd: Float64Array
    readonly position: Int32Array
    readonly source: Int32Array
    /** 1 on the first rung of a position. */
    readonly first: Int32Array
  }
  /** `soldUpTo[k]` driver units and `centsUpTo[k]` cents are those of the first k rungs. */
  readonly soldUpTo: Float64Array
  readonly centsUpTo: Float64Array
  readonly positions: {
    readonly amount: Float64Array
    readonly debtUsd: Float64Array
    readonly backedUsd: Float64Array
    readonly cost: Float64Array
  }
}

export type BookOptions = {
  readonly spot: number
  readonly path?: Path
  /** Share of the taken collateral that is sold on the market, 0..1; 1 unless given per source. */
  readonly phi?: number
  readonly phiOf?: Readonly<Record<string, number>>
  /** Instead of the rule's own, per source. */
  readonly lagSecondsOf?: Readonly<Record<string, number>>
}

type Loose = {
  readonly position: number
  readonly step: number
  readonly rung: Ladder['rungs'][number]
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Expands every position to its ladder and orders all rungs by falling price, whatever the order of the input. */
export const createCascadeBook = (
  positions: readonly CascadePosition[],
  { spot, path = 'continuous', phi = 1, phiOf = {}, lagSecondsOf = {} }: BookOptions,
): CascadeBook => {
  const ladders = positions.map((position) => ladderOf(position, path))
  const loose: Loose[] = []
  ladders.forEach(({ rungs }, position) => {
    rungs.forEach((rung, step) => {
      loose.push({ position, step, rung })
    })
  })
  const compare = (i: number, j: number): number => {
    const [a, b] = [loose[i], loose[j]]
    const [x, y] = [positions[a?.position ?? -1], positions[b?.position ?? -1]]
    if (!a || !b || !x || !y) return 0
    return (
      compareText(x.source, y.source) ||
      compareText(x.id, y.id) ||
      a.step - b.step ||
      b.rung.amount - a.rung.amount ||
      b.rung.repaidUsd - a.rung.repaidUsd
    )
  }
  const order = orderByFallingPrice(
    columnOf(loose, ({ rung }) => rung.price),
    compare,
  )

  const sources = [...new Set(positions.map(({ source }) => source))].sort(compareText)
  const sourceIndex = new Map(sources.map((source, index) => [source, index]))
  const sourceOf = positions.map(({ source }) => sourceIndex.get(source) ?? 0)
  const shares = sources.map((source) => phiOf[source] ?? phi)
  const lagSeconds = sources.map((source) => lagSecondsOf[source] ?? 0)
  for (const { source, rule } of positions) {
    const index = sourceIndex.get(source)
    if (index !== undefined && lagSecondsOf[source] === undefined)
      lagSeconds[index] = Math.max(lagSeconds[index] ?? 0, rule.lagSeconds)
  }

  const rungs = createRungs(order.length)
  order.forEach((index, k) => {
    const item = loose[index]
    if (!item) return
    const { position, step, rung } = item
    const source = sourceOf[position] ?? 0
    const sold = rung.amount * (shares[source] ?? 1)
    rungs.price[k] = rung.price
    rungs.taken[k] = rung.amount
    rungs.sold[k] = sold
    rungs.cents[k] = toCents(sold * rung.price)
    rungs.repaidUsd[k] = rung.repaidUsd
    rungs.unpaidUsd[k] = rung.unpaidUsd
    rungs.position[k] = position
    rungs.source[k] = source
    rungs.first[k] = step === 0 ? 1 : 0
  })
  return {
    spot,
    path,
    sources,
    lagSeconds,
    toxic: ladders.reduce((count, { toxic }) => count + (toxic ? 1 : 0), 0),
    assumedBonus: positions.reduce((count, { bonus }) => count + (bonus === null ? 1 : 0), 0),
    rungs,
    soldUpTo: prefixSums(rungs.sold),
    centsUpTo: prefixSums(rungs.cents),
    positions: {
      amount: columnOf(positions, ({ driverAmount }) => driverAmount),
      debtUsd: columnOf(positions, ({ debtUsd }) => debtUsd),
      backedUsd: columnOf(ladders, ({ backedUsd }) => backedUsd),
      cost: columnOf(ladders, ({ cost }) => cost),
    },
  }
}

const createRungs = (count: number): CascadeBook['rungs'] => ({
  price: new Float64Array(count),
  taken: new Float64Array(count),
  sold: new Float64Array(count),
  cents: new Float64Array(count),
  repaidUsd: new Float64Array(count),
  unpaidUsd: new Float64Array(count),
  position: new Int32Array(count),
  source: new Int32Array(count),
  first: new Int32Array(count),
})

/** Rungs of a book. */
export const rungCount = (book: CascadeBook): number => book.rungs.price.length

/** USD of the first `count` rungs at their own prices, exact to the cent. */
export const usdUpTo = (book: CascadeBook, count: number): number => at(book.centsUpTo, count) / 100
