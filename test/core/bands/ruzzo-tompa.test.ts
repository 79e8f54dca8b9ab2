import fc from 'fast-check'
import { expect, test } from 'vitest'
import { prefixSums } from '../../../src/core/bands/columns.ts'
import { maximalRuns, type Run } from '../../../src/core/bands/ruzzo-tompa.ts'

type Element = { readonly mass: number; readonly gap: number }

const runsOf = (elements: readonly Element[], lambda: number, within?: Run, minMass = 0): readonly Run[] => {
  const massUpTo = prefixSums(Float64Array.from(elements, ({ mass }) => mass))
  const expectedUpTo = prefixSums(Float64Array.from(elements, ({ gap }) => gap)).slice(1)
  const input = {
    massUpTo,
    expectedUpTo,
    lambda,
    within: within ?? { first: 0, last: elements.length - 1 },
    minMass,
  }
  return maximalRuns(input).map(({ first, last }) => ({ first, last }))
}

/** The definition: take the heaviest-scoring run, then do the same to the left and to the right of it. */
const byDefinition = (
  elements: readonly Element[],
  lambda: number,
  from: number,
  to: number,
): readonly Run[] => {
  let best: (Run & { score: number }) | null = null
  for (let first = from; first <= to; first++) {
    let score = 0
    for (let last = first; last <= to; last++) {
      const element = elements[last]
      score += (element?.mass ?? 0) - (last > first ? lambda * (element?.gap ?? 0) : 0)
      if (score > (best?.score ?? 0)) best = { first, last, score }
    }
  }
  if (!best) return []
  const { first, last } = best
  return [
    ...byDefinition(elements, lambda, from, first - 1),
    { first, last },
    ...byDefinition(elements, lambda, last + 1, to),
  ]
}

// Odd masses over powers of two and irrational-looking lambdas keep scores distinct, so that the definition is unique.
const element = fc.record({
  mass: fc.double({ min: 0.1, max: 9, noNaN: true }),
  gap: fc.double({ min: 0.1, max: 9, noNaN: true }),
})
const elements = fc.array(element, { minLength: 1, maxLength: 25 })
const lambdas = fc.double({ min: 0.2, max: 5, noNaN: true })

test('the maximal runs are those of the definition', () => {
  const check = (list: readonly Element[], lambda: number): void => {
    expect(runsOf(list, lambda)).toEqual(byDefinition(list, lambda, 0, list.length - 1))
  }
  fc.assert(fc.property(elements, lambdas, check), { numRuns: 300 })
})

test('runs of a higher level lie inside those of a lower one, and are found by searching only there', () => {
  const check = (list: readonly Element[], lambda: number, factor: number): void => {
    const outer = runsOf(list, lambda)
    const inner = runsOf(list, lambda * factor)
    for (const run of inner)
      expect(outer.some(({ first, last }) => first <= run.first && run.last <= last)).toBe(true)
    expect(outer.flatMap((run) => runsOf(list, lambda * factor, run))).toEqual(inner)
  }
  fc.assert(fc.property(elements, lambdas, fc.double({ min: 1, max: 4, noNaN: true }), check), {
    numRuns: 300,
  })
})

test('runs lighter than the least mass are left out, weightless elements start none', () => {
  const list = [
    { mass: 3, gap: 0 },
    { mass: 0, gap: 10 },
    { mass: 1, gap: 10 },
  ]
  expect(runsOf(list, 1)).toEqual([
    { first: 0, last: 0 },
    { first: 2, last: 2 },
  ])
  expect(runsOf(list, 1, undefined, 2)).toEqual([{ first: 0, last: 0 }])
})
