import { expect, test } from 'vitest'
import { takeStates } from '../../src/engine/told-states.ts'

/** What a subgraph tells in place of what is known: of whom, and of nobody else. */

const hasDebt = (state: unknown): boolean => (state as { readonly debt: number }).debt > 0

test('who is listed is as told, who owed and is not listed has repaid, all others stay as they were', () => {
  const known = new Map([
    ['listed', { debt: 5 }],
    ['gone', { debt: 7 }],
    ['idle', { debt: 0 }],
  ])
  const told = { states: new Map([['listed', { debt: 6 }]]), closed: { debt: 0 } }
  const { accounts, states } = takeStates({ hasDebt }, told, known)
  expect(accounts).toEqual([
    { key: 'listed', state: { debt: 6, told: true } },
    { key: 'gone', state: { debt: 0, told: true } },
  ])
  expect(states).toEqual(
    new Map<string, object>([
      ['listed', { debt: 6, told: true }],
      ['gone', { debt: 0, told: true }],
      ['idle', { debt: 0 }],
    ]),
  )
})
