import { describe, expect, test } from 'vitest'
import { EMPTY_BOOKS, falseClusters, PLANTED_CLUSTERS, scoreClusters } from './heavy-campaign.ts'

/** A small part of `npm run campaign`, on seeds of its own: runs of heavy owners. */

const SEEDS = Array.from({ length: 40 }, (_, i) => 3001 + i)
const named = <T extends { readonly name: string }>(list: readonly T[], name: string): T => {
  const item = list.find((other) => other.name === name)
  if (item === undefined) throw new Error(`no ${name} among the campaign's books`)
  return item
}

describe('heavy owners', () => {
  test('six wallets without a label are found in at least 95 of 100 books, in 80 to the cent', () => {
    const { exact, found } = scoreClusters(named(PLANTED_CLUSTERS, 'six wallets'), SEEDS, 5000)
    expect(found).toBeGreaterThanOrEqual(0.95)
    expect(exact).toBeGreaterThanOrEqual(0.8)
  })

  test('a book without a run has one in at most 5 of 100, with or without ten whales', () => {
    for (const name of ['plain', '+10 whales'])
      expect(falseClusters(named(EMPTY_BOOKS, name), SEEDS, 5000)).toBeLessThanOrEqual(0.05)
  })
})
