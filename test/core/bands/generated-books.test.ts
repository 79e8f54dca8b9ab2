import { describe, expect, test } from 'vitest'
import type { Band } from '../../../src/core/report.ts'
import { BOOKS_WITHOUT_BANDS, falseBands, scoreCrowds } from './crowd-campaign.ts'

/** A small part of `npm run campaign`, on seeds of its own. */

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => 80_000 + i)

describe('planted bands', () => {
  test('are found in 20,000 positions, nothing else is, and edges are right to 0.01 %', () => {
    const { planted, wrong, f1, medianEdgeError } = scoreCrowds(seeds(5))
    expect(planted).toBeGreaterThan(25)
    expect(wrong).toBe(0)
    expect(f1).toBeGreaterThanOrEqual(0.97)
    expect(medianEdgeError).toBeLessThanOrEqual(0.0001)
  })

  test('are found in 2,000 positions', () => {
    expect(scoreCrowds(seeds(6), { positions: 2000 }).f1).toBeGreaterThanOrEqual(0.97)
  })

  test('are found above spot', () => {
    expect(scoreCrowds(seeds(4), { positions: 2000, side: 'above' }).f1).toBeGreaterThanOrEqual(0.97)
  })
})

describe('a book without bands', () => {
  const rowsIn = (pick: (name: string) => boolean): readonly Band[] =>
    BOOKS_WITHOUT_BANDS.filter(([name]) => pick(name)).flatMap(([, options]) =>
      falseBands(seeds(12), { positions: 5000, ...options }),
    )
  const isPiledUp = (name: string): boolean => ['two modes', 'pile-up at spot'].includes(name)

  test('has none, whatever its prices and sizes', () => {
    expect(rowsIn((name) => !isPiledUp(name))).toEqual([])
  })

  test('has hardly ever one where prices pile up twice, or close to spot', () => {
    expect(rowsIn(isPiledUp).length).toBeLessThanOrEqual(1)
  })
})
