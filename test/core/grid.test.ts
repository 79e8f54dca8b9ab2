import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { createGrid, snappedStep } from '../../src/core/grid.ts'

const percents = fc.oneof(
  fc.constantFrom(0.1, 0.25, 0.5, 1, 2.5, 10, 50),
  fc.integer({ min: 10, max: 5000 }).map((n) => n / 100),
)

describe('a grid in per cent', () => {
  test('has the powers of 1.005, cut to the cent, wherever a bar is ten cents wide', () => {
    // the first three: by Python's decimal module
    const { edge } = createGrid({ percent: 0.5 })
    expect([1530, 1531, 1532].map(edge)).toEqual([2060.98, 2071.28, 2081.64])
    for (let k = 700; k < 2500; k++) {
      expect(edge(k)).toBe(Math.round(edge(k) * 100) / 100)
      expect(edge(k)).toBeLessThanOrEqual(1.005 ** k)
      expect(edge(k)).toBeGreaterThan(1.005 ** k - 0.0101)
    }
    expect(edge(0)).toBe(1)
    expect(edge(-140)).toBe(0.4974)
  })

  test('has edges that rise strictly, a tenth of a bar wrong at most, down to a millionth of a dollar', () => {
    const check = (percent: number, price: number): void => {
      const { edge, barOf } = createGrid({ percent })
      const k = barOf(price)
      for (let i = k - 30; i <= k + 30; i++) {
        expect(edge(i + 1)).toBeGreaterThan(edge(i))
        const width = (edge(i + 1) / edge(i) - 1) * 100
        expect(Math.abs(width / percent - 1)).toBeLessThan(0.12)
      }
    }
    fc.assert(fc.property(percents, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), check))
  })
})

describe('any grid', () => {
  const steps = fc.oneof(
    percents.map((percent) => ({ percent })),
    fc.constantFrom(0.1, 0.3, 0.7, 1.15, 20, 1000).map((usd) => ({ usd })),
  )

  test('puts every price into the bar whose edges hold it, an edge into the bar above it', () => {
    const check = (step: Parameters<typeof createGrid>[0], price: number): void => {
      const { edge, barOf } = createGrid(step)
      const k = barOf(price)
      expect(edge(k)).toBeLessThanOrEqual(price)
      expect(edge(k + 1)).toBeGreaterThan(price)
      expect(barOf(edge(k))).toBe(k)
    }
    fc.assert(fc.property(steps, fc.double({ min: 1, max: 1e6, noNaN: true }), check), { numRuns: 500 })
  })

  test('refuses a step that cannot be drawn', () => {
    for (const usd of [0, -5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => createGrid({ usd })).toThrow(UsageError)
    for (const percent of [0, 0.09, 51, -1, Number.NaN])
      expect(() => createGrid({ percent })).toThrow('expected 0.1% to 50% of the price')
  })
})

describe('the step', () => {
  test('stays while spot / step is in 60..250, and only then', () => {
    expect(snappedStep([2000])).toBe(10)
    expect(snappedStep([2001])).toBe(20)
    // the first scan at 2,000 has bars of 10 USD: kept to 2,500 and 600, where a scan of its own would take 20 and 5
    expect(snappedStep([2000, 2500])).toBe(10)
    expect(snappedStep([2000, 2501])).toBe(20)
    expect(snappedStep([2000, 600])).toBe(10)
    expect(snappedStep([2000, 599.99])).toBe(5)
    expect(snappedStep([2000, 2501, 2000, 1200])).toBe(20)
    expect(snappedStep([2000, 2501, 1199])).toBe(10)
  })

  test('does not change from scan to scan while the price swings about a threshold', () => {
    const swings = Array.from({ length: 40 }, (_, i) => 2000 + (i % 2 === 0 ? 1 : -1) * 15)
    const seen = swings.map((_, i) => snappedStep(swings.slice(0, i + 1)))
    expect(new Set(seen)).toEqual(new Set([20]))
  })

  test('is always 1, 2 or 5 times a power of ten, 60 to 250 of it up to spot, whatever came before', () => {
    const prices = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 })
    const check = (spots: readonly number[]): void => {
      const step = snappedStep(spots)
      const spot = spots.at(-1) ?? 0
      expect(spot / step).toBeGreaterThanOrEqual(60)
      expect(spot / step).toBeLessThanOrEqual(250)
      expect(step.toExponential()).toMatch(/^[125]e/)
      expect(snappedStep([...spots, spot])).toBe(step)
    }
    fc.assert(fc.property(prices, check))
  })
})
