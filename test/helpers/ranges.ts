import fc from 'fast-check'
import type { RangeEntry } from '../../src/core/ranges.ts'

const price = fc.oneof(
  fc.integer({ min: 1, max: 400 }).map((n) => n * 10),
  fc.double({ min: 0.01, max: 4000, noNaN: true }),
)

/**
 * Books of soft liquidations around a spot of some 2,000 USD: below it, around it, above it, and of no width; sold by a
 * fall or by a rise.
 */
export const rangeBooks: fc.Arbitrary<readonly RangeEntry[]> = fc.array(
  fc
    .record({
      source: fc.constantFrom('llamma', 'llamalend'),
      side: fc.constantFrom('below' as const, 'above' as const),
      ends: fc.oneof(
        fc.tuple(price, price),
        price.map((one) => [one, one] as const),
      ),
      collateralUsd: fc.oneof(fc.constantFrom(0, 0.01, 0.02), fc.double({ min: 0, max: 1e8, noNaN: true })),
    })
    .map(({ ends: [a, b], ...own }) => ({ ...own, low: Math.min(a, b), high: Math.max(a, b) })),
  { maxLength: 30 },
)
