import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { gapPrice, healthAt } from '../../src/adapters/curve-rules.ts'
import { unitOf, WAD } from '../../src/core/units.ts'

const whole = z.string().transform(BigInt)
const { loans } = z
  .object({
    loans: z.array(
      z.object({
        contracts: z.string(),
        market: z.string(),
        state: z.string(),
        amplification: whole,
        activeBand: z.number(),
        decimals: z.object({ collateral: z.number(), borrowed: z.number() }),
        discount: whole,
        debt: whole,
        n1: z.number(),
        priceUp: whole,
        x: z.array(whole),
        y: z.array(whole),
        price: whole,
        healths: z.array(z.tuple([whole, whole])),
        gap: z.tuple([whole, whole]).nullish(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/curve-controllers.json', import.meta.url), 'utf8')))

type Recorded = (typeof loans)[number]

/** As the AMM counts: a raw unit of a token of 8 decimals is 10^10 of its own. */
const unitsOf = ({ decimals }: Recorded) => ({
  x: unitOf(18 - decimals.borrowed),
  y: unitOf(18 - decimals.collateral),
})

const ruleOf = (recorded: Recorded) => {
  const { amplification, activeBand, n1, priceUp, discount } = recorded
  const unit = unitsOf(recorded)
  const bands = recorded.x.map((x, i) => ({ x: x * unit.x, y: (recorded.y[i] ?? 0n) * unit.y }))
  return {
    loan: { bands, n1, priceUp },
    owed: { debt: recorded.debt * unit.x, discount },
    amm: { amplification, activeBand },
  }
}

/** What is cut of each band, by the getter that tells it and by the yield, is worth at most this much of the debt. */
const most = (recorded: Recorded, price: bigint): bigint => {
  const unit = unitsOf(recorded)
  const dearest = price > recorded.priceUp ? price : recorded.priceUp
  const cut = BigInt(recorded.x.length) * (2n + unit.x + (unit.y * dearest) / WAD)
  return 2n + (cut * WAD) / (recorded.debt * unit.x)
}

const named = loans.map((loan) => [`${loan.contracts}, ${loan.market}: ${loan.state}`, loan] as const)

describe('what Curve’s own controllers told of loans in a real AMM (recorded, see the fixture)', () => {
  test.each(named)('%s', (_, recorded) => {
    const { loan, owed, amm } = ruleOf(recorded)
    for (const [price, health] of recorded.healths) {
      const ours = healthAt(loan, owed, amm, price)
      const off = ours > health ? ours - health : health - ours
      expect([price, off <= most(recorded, price), ours < 0n]).toEqual([price, true, health < 0n])
    }
  })

  test.each(named.filter(([, { gap }]) => gap))(
    '%s: liquidatable at the gap price, safe above it',
    (_, recorded) => {
      const { loan, owed, amm } = ruleOf(recorded)
      const [gone = 0n, safe = 0n] = recorded.gap ?? []
      const ours = gapPrice(loan, owed, amm, recorded.price) ?? 0n
      expect([ours >= gone, ours <= safe]).toEqual([true, true])
    },
  )

  test('a loan that is sold whole has no gap price', () => {
    const none = loans.filter(({ gap }) => gap === null)
    expect(none.length).toBeGreaterThan(3)
    for (const recorded of none) {
      const { loan, owed, amm } = ruleOf(recorded)
      expect(gapPrice(loan, owed, amm, recorded.price)).toBeNull()
    }
  })

  test('they cover every version, whole, partly sold and sold, both directions, and both verdicts', () => {
    const seen = (of: (loan: Recorded) => string) => [...new Set(loans.map(of))].toSorted()
    expect(seen(({ contracts }) => contracts.split(' at ')[1] ?? '')).toEqual([
      '7992da27',
      'cf1d05fb',
      'edbb5ef5',
    ])
    expect(seen(({ state }) => state)).toEqual(['partly sold', 'sold', 'whole'])
    expect(seen(({ market }) => market)).toEqual(['WBTC/crvUSD', 'WETH/crvUSD', 'crvUSD/WBTC', 'crvUSD/WETH'])
    const verdicts = loans.flatMap(({ healths }) => healths.map(([, health]) => health < 0n))
    expect(verdicts.filter((gone) => gone).length).toBeGreaterThan(30)
    expect(verdicts.filter((gone) => !gone).length).toBeGreaterThan(30)
  })
})
