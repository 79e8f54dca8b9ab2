/**
 * What a difference is made of, in the order in which it is taken apart. Each step is valued with the steps before it
 * done: first prices move, then interest accrues, then owners and liquidators act, and last a position that ends with
 * another outcome is taken out of the one and put into the other. So the parts sum to the difference exactly.
 */
export const PARTS = [
  'price',
  'interest',
  'arrived',
  'left',
  'added',
  'withdrew',
  'borrowed',
  'repaid',
  'liquidated',
  'reduced',
  'outcome',
] as const

export type Part = (typeof PARTS)[number]

/** The parts that somebody did, as against those that happen to an untouched position. */
export const ACTIONS: readonly Part[] = [
  'arrived',
  'left',
  'added',
  'withdrew',
  'borrowed',
  'repaid',
  'liquidated',
  'reduced',
]

/** Whole cents by part; a part that is missing is zero. */
export type PartCents = Readonly<Partial<Record<Part, number>>>

export const sumParts = (parts: PartCents): number => PARTS.reduce((sum, part) => sum + (parts[part] ?? 0), 0)
