import { textWidth } from './markup.ts'

/** A label that hangs over the mark at `anchor`, in the first of its texts for which there is room. */
export type Wish<Item> = {
  readonly item: Item
  /** Pixels. */
  readonly anchor: number
  /** From the fullest to the shortest. */
  readonly texts: readonly string[]
  /** How much it matters that the label is there, and full. */
  readonly weight: number
}

export type Placed<Item> = Wish<Item> & {
  readonly text: string
  readonly left: number
  readonly right: number
  /** 0 is the lane next to the plot. */
  readonly lane: number
}

/** Measured once: it is what takes time. */
type Sized<Item> = Wish<Item> & { readonly widths: readonly number[] }

export type Lanes = {
  readonly left: number
  readonly right: number
  readonly count: number
  readonly fontSize: number
}

/** Between two labels of a lane, and between a label and another one's pole. */
const GAP = 12
const POLE = 4
/** Orders tried before the best is taken. */
const TRIES = 40

type Box = { readonly left: number; readonly right: number }

const apart = (a: Box, b: Box, gap: number): boolean => a.right + gap <= b.left || b.right + gap <= a.left

const covers = ({ left, right }: Box, anchor: number): boolean =>
  anchor >= left - POLE && anchor <= right + POLE

/** Left ends at which a label of this width still hangs over its anchor. */
const startsOf = (
  anchor: number,
  width: number,
  lanes: Lanes,
  neighbours: readonly Box[],
): readonly number[] => {
  const last = lanes.right - width
  return [
    anchor - width / 2,
    anchor - 2,
    anchor - width + 2,
    ...neighbours.flatMap(({ left, right }) => [right + GAP, left - GAP - width]),
  ]
    .map((start) => Math.min(last, Math.max(lanes.left, start)))
    .filter((start) => start >= lanes.left && start <= anchor && start + width >= anchor)
}

const free = (box: Box, lane: number, anchor: number, placed: readonly Placed<unknown>[]): boolean =>
  placed.every((other) => {
    if (other.lane === lane) return apart(box, other, GAP)
    return other.lane > lane ? !covers(box, other.anchor) : !covers(other, anchor)
  })

/** Where a label stands, and how much it is in the way of those to come: fewest anchors covered, lowest lane. */
const placeOne = <Item>(
  { widths, ...wish }: Sized<Item>,
  lanes: Lanes,
  placed: readonly Placed<Item>[],
  waiting: readonly Wish<Item>[],
): Placed<Item> | undefined => {
  for (const [i, text] of wish.texts.entries()) {
    const width = widths[i] ?? 0
    let best: { readonly cost: number; readonly place: Placed<Item> } | undefined
    for (let lane = 0; lane < lanes.count && lane < (best?.cost ?? lanes.count); lane++) {
      const neighbours = placed.filter((other) => other.lane === lane)
      for (const left of startsOf(wish.anchor, width, lanes, neighbours)) {
        const box = { left, right: left + width }
        const covered = waiting.filter(({ anchor }) => covers(box, anchor)).length
        const cost = lane + (lane === 0 ? covered * 10 : (covered * 2) / lane)
        if ((best === undefined || cost < best.cost) && free(box, lane, wish.anchor, placed)) {
          best = { cost, place: { ...wish, text, ...box, lane } }
        }
      }
    }
    if (best !== undefined) return best.place
  }
  return undefined
}

const placeAll = <Item>(wishes: readonly Sized<Item>[], lanes: Lanes): readonly Placed<Item>[] => {
  const placed: Placed<Item>[] = []
  for (const [i, wish] of wishes.entries()) {
    const one = placeOne(wish, lanes, placed, wishes.slice(i + 1))
    if (one !== undefined) placed.push(one)
  }
  return placed
}

/** What is lost: labels left out weigh most, then texts cut short (heavy and early wishes more), then lanes. */
const lossOf = <Item>(wishes: readonly Wish<Item>[], placed: readonly Placed<Item>[]): number => {
  const texts = new Map(placed.map(({ item, text }) => [item, text]))
  const lost = wishes.reduce((sum, { item, texts: wanted, weight }, i) => {
    const text = texts.get(item)
    const short = text === undefined ? 20 : (3 * wanted.indexOf(text)) / Math.max(1, wanted.length - 1)
    return sum + short * weight * (0.5 + 6 / (i + 1))
  }, 0)
  return lost * 10 + placed.reduce((most, { lane }) => Math.max(most, lane), 0)
}

/** A shuffle that is the same every time. */
const shuffled = <Item>(items: readonly Item[], seed: number): readonly Item[] => {
  let state = seed
  return items
    .map((item) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return { item, key: state }
    })
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/**
 * Labels in lanes over the plot: none overlaps another, leaves the lanes or hides the pole by which another one stands
 * on its mark. What fits nowhere is left out, the later wishes first. Several orders are tried, always the same ones.
 */
export const placeLabels = <Item>(wishes: readonly Wish<Item>[], lanes: Lanes): readonly Placed<Item>[] => {
  const sized = wishes.map((wish) => ({
    ...wish,
    widths: wish.texts.map((text) => textWidth(text, lanes.fontSize)),
  }))
  const rising = sized.toSorted((a, b) => a.anchor - b.anchor)
  const orders = [sized, rising, rising.toReversed()]
  let best = placeAll(sized, lanes)
  let least = lossOf(wishes, best)
  for (let i = 1; i < TRIES && wishes.length > 1 && least >= 1; i++) {
    const placed = placeAll(orders[i] ?? shuffled(sized, i), lanes)
    const loss = lossOf(wishes, placed)
    if (loss < least) [best, least] = [placed, loss]
  }
  return best
}
