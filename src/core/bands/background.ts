import { at, prefixSums } from './columns.ts'
import { type DepthRange, REACH, widened } from './depth.ts'

/** Width of a cell in ln price. */
const CELL = 0.004
const CELLS = Math.ceil(REACH / CELL)

/** What the surroundings of each price lead to expect, in cells of 0.4 % from spot outwards. */
export type Background = {
  /** Expected collateral of each cell, USD. */
  readonly cells: Float64Array
  /** Expected collateral between spot and the near end of each cell, USD. */
  readonly cumulative: Float64Array
}

/** Collateral per cell, USD, each mass shared between the two cells whose middles are nearest to its depth. */
export const spreadOverCells = (depth: Float64Array, mass: Float64Array): Float64Array => {
  const cells = new Float64Array(CELLS)
  for (let i = 0; i < depth.length; i++) {
    const position = Math.min(Math.max(0, at(depth, i) / CELL - 0.5), CELLS - 1)
    const cell = Math.floor(position)
    const fraction = position - cell
    cells[cell] = at(cells, cell) + at(mass, i) * (1 - fraction)
    if (fraction > 0) cells[cell + 1] = at(cells, cell + 1) + at(mass, i) * fraction
  }
  return cells
}

/** The cells, none of those that a range touches with more than the background expects in it. */
export const clipCells = (
  cells: Float64Array,
  ranges: readonly DepthRange[],
  background: Background,
): Float64Array => {
  const clipped = cells.slice()
  for (const { near, far } of ranges)
    for (let k = Math.floor(near / CELL); k <= far / CELL && k < CELLS; k++)
      clipped[k] = Math.min(at(clipped, k), at(background.cells, k))
  return clipped
}

/**
 * A Gaussian smoother of `sigma` in ln price over cells anchored at spot, divided by the kernel's mass inside the
 * reach so that it does not sag at spot (Nadaraya–Watson).
 */
export const createSmoother = (sigma: number): ((cells: Float64Array) => Background) => {
  const radius = Math.ceil((4 * sigma) / CELL)
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, j) =>
    Math.exp(-0.5 * (((j - radius) * CELL) / sigma) ** 2),
  )
  const weighted = (cells: Float64Array, k: number): number => {
    let sum = 0
    const last = Math.min(CELLS - 1, k + radius)
    for (let j = Math.max(0, k - radius); j <= last; j++)
      sum += (kernel[j - k + radius] ?? 0) * (cells[j] ?? 0)
    return sum
  }
  const ones = new Float64Array(CELLS).fill(1)
  const inside = ones.map((_, k) => weighted(ones, k))
  return (cells) => {
    const smooth = new Float64Array(CELLS)
    for (let k = 0; k < CELLS; k++) smooth[k] = weighted(cells, k) / at(inside, k)
    return { cells: smooth, cumulative: prefixSums(smooth) }
  }
}

/** Expected collateral between spot and a depth, USD. */
export const expectedUpTo = ({ cells, cumulative }: Background, depth: number): number => {
  const position = Math.min(Math.max(0, depth / CELL), CELLS)
  const cell = Math.floor(position)
  return at(cumulative, cell) + (position - cell) * at(cells, cell)
}

/** Expected collateral in a range of depths, at least a quarter per cent wide, USD. */
export const expectedWithin = (background: Background, range: DepthRange): number => {
  const { near, far } = widened(range)
  return expectedUpTo(background, far) - expectedUpTo(background, near)
}
