import { expect, test } from 'vitest'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { compareTotals } from '../../src/engine/completeness.ts'
import { compareLists } from '../../src/engine/crosscheck.ts'

/** When debts of a subgraph and of the chain are the same but for an indexer's rounding. */

const adapter = {
  debts: (_: unknown, state: unknown) => ({ DAI: state as bigint }),
  hasDebt: (state: unknown) => (state as bigint) > 0n,
  totals: (markets: unknown) => [
    { asset: 'DAI', symbol: 'DAI', total: (markets as { total: bigint }).total, usd: 10n ** 18n },
  ],
} as unknown as AnyAdapter

const differs = (chain: bigint, subgraph: bigint): boolean => {
  const head = { source: 'x', adapter, markets: {}, block: 1n }
  const { different } = compareLists(head, {
    byLogs: new Set(['a']),
    listed: {
      accounts: new Map([['a', { DAI: subgraph }]]),
      host: 'x',
      schema: 'aave-v3',
      deployment: 'Qm',
      pin: 'hash',
      around: null,
    },
    states: new Map([['a', chain]]),
  })
  return different.length > 0
}

test.each<readonly [chain: bigint, apart: bigint, differs: boolean]>([
  [1000n, 0n, false],
  [1000n, 16n, false],
  [1000n, 17n, true],
  [17_000_000_000n, 17n, false],
  [17_000_000_000n, 18n, true],
  [16_999_999_999n, 17n, true],
  [10n ** 24n, 10n ** 15n, false],
  [10n ** 24n, 10n ** 15n + 1n, true],
])('a debt of %s that a subgraph has %s units apart: another one is %s', (chain, apart, expected) => {
  expect(differs(chain, chain + apart)).toBe(expected)
  if (chain > apart) expect(differs(chain, chain - apart)).toBe(expected)
})

const check = (
  debts: readonly bigint[],
  total: bigint,
  origin: 'chain' | 'subgraph' | { readonly inexact: readonly number[] },
) =>
  compareTotals(
    adapter,
    { total },
    new Map(debts.map((debt, i) => [String(i), debt])),
    origin === 'chain'
      ? origin
      : { inexactDebts: new Set(origin === 'subgraph' ? [] : origin.inexact.map(String)) },
  )

test("of the chain's own states a single unit is a gap", () => {
  expect(check([10n, 20n], 30n, 'chain')).toMatchObject({ gaps: [], notes: [], covered: 1 })
  expect(check([10n, 20n], 31n, 'chain').gaps).toHaveLength(1)
})

test("of a subgraph's, 16 units an account and a billionth are rounding, which never counts as exactly all", () => {
  expect(check([100n, 200n], 300n, 'subgraph')).toMatchObject({ gaps: [], notes: [], covered: 1 })
  // who owes nothing rounds nothing
  for (const debts of [
    [100n, 200n],
    [100n, 200n, 0n],
  ]) {
    const apart = check(debts, 332n, 'subgraph')
    expect(apart).toMatchObject({ gaps: [], covered: 300 / 332 })
    expect(apart.notes).toEqual([
      "debts are apart from the protocol's totals by no more than the rounding of the subgraph",
    ])
    expect(check(debts, 333n, 'subgraph').gaps).toEqual([
      'DAI: the accounts found owe 300, the protocol reports 333 (scaled units), by the subgraph',
    ])
  }
  const large = 10n ** 30n
  const almost = check([large], large - large / 10n ** 9n, 'subgraph')
  expect(almost.gaps).toEqual([])
  expect(almost.covered).not.toBe(1)
  expect(check([large], large + 1n, 'subgraph').covered).not.toBe(1)
})

test('of balances without their latest interest, a tenth is interest; the figure stands in a note', () => {
  const late = check([9000n], 10_000n, { inexact: [0] })
  expect(late).toMatchObject({ gaps: [], covered: 0.9 })
  expect(late.notes).toEqual(["approximate: debts are up to 10% apart from the protocol's totals (DAI)"])
  // and 16 units of rounding
  expect(check([8986n], 10_000n, { inexact: [0] }).gaps).toEqual([])
  expect(check([8985n], 10_000n, { inexact: [0] }).gaps).toHaveLength(1)
  expect(check([10_000n], 10_000n, { inexact: [0] })).toMatchObject({ gaps: [], notes: [], covered: 1 })
})

test('one such balance excuses nobody else who is missing', () => {
  expect(check([900n, 90_000n], 91_000n, { inexact: [0] }).gaps).toEqual([])
  expect(check([900n, 90_000n], 91_000n + 33n, { inexact: [0] }).gaps).toHaveLength(1)
})

test('dust of an indexer where nobody owes anything is no infinite share', () => {
  const dust = check([5n, 7n], 0n, { inexact: [1] })
  expect(dust.gaps).toEqual([])
  expect(dust.notes.join()).toMatch(/up to 1\.0e\+2% apart/)
})
