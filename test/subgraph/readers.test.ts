import fc from 'fast-check'
import { buildSchema, parse, validate } from 'graphql'
import { getAddress, type Hex, numberToHex, zeroAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import { adapters } from '../../src/adapters/index.ts'
import type { LiquityV2Account } from '../../src/adapters/liquity-v2-accounts.ts'
import { entireDebt } from '../../src/adapters/liquity-v2-rules.ts'
import { readerFor } from '../../src/adapters/subgraph-readers.ts'
import { schemaFor } from '../../src/adapters/subgraph-schemas.ts'
import { SCHEMA_NAMES, SCHEMA_PROTOCOLS, type SchemaName, schemasOf } from '../../src/core/subgraph.ts'
import { balancesOf } from '../../src/core/subgraph-balances.ts'
import { messariRows, officialRows } from '../helpers/subgraph-rows.ts'
import { PUBLISHED } from './published.ts'

/** What rows of each schema give is what the adapter itself stores. */

const RAY = 10n ** 27n
const addressOf = (n: number | bigint) => getAddress(numberToHex(BigInt(n) + 1n, { size: 20 }))

const reader = (schema: SchemaName, protocol: string) => {
  const found = readerFor(schema, protocol)
  if (!found) throw new Error(`no reader of ${schema}`)
  return found
}

test('every schema with balances has a reader, and no other', () => {
  for (const { name } of adapters)
    for (const schema of SCHEMA_NAMES) {
      const readable = balancesOf(name).includes(schema)
      expect(readerFor(schema, name) !== null).toBe(readable)
      if (readable) expect(schemasOf(name)).toContain(schema)
    }
  expect(balancesOf('compound-v3')).toEqual(['comet'])
  expect(balancesOf('morpho-blue')).toEqual([])
})

test.each(Object.entries(PUBLISHED))('%s: every field that is asked for exists', (name, sdl) => {
  const schema = name as keyof typeof PUBLISHED
  const published = buildSchema(sdl)
  for (const protocol of SCHEMA_PROTOCOLS[schema]) {
    const lists = [schemaFor(schema, protocol), readerFor(schema, protocol)].filter((one) => one !== null)
    for (const { entity, fields } of lists)
      expect(validate(published, parse(`{ ${entity} { id ${fields} } }`))).toEqual([])
  }
})

const reserveOf = (id: number, indices: { readonly incomeIndex: bigint; readonly debtIndex: bigint }) => ({
  id,
  asset: addressOf(100 + id),
  aToken: addressOf(200 + id),
  ...indices,
})
const index = fc.bigInt({ min: RAY, max: 3n * RAY })
const markets = fc
  .array(fc.record({ incomeIndex: index, debtIndex: index }), { minLength: 4, maxLength: 4 })
  .map((indices) => ({
    pool: addressOf(9),
    reserves: Object.fromEntries(indices.map((both, id) => [id, reserveOf(id, both)])),
  }))
const units = fc.bigInt({ min: 1n, max: 10n ** 30n })
const some = <T>(value: fc.Arbitrary<T>) => fc.dictionary(fc.constantFrom('0', '1', '2', '3'), value)
const account = fc.record({ eMode: fc.nat(9), collateral: some(units), debt: some(units) })
const accounts = fc
  .array(account, { maxLength: 5 })
  .map((states) => new Map(states.map((state, i) => [addressOf(i) as string, state])))
const stable = some(fc.record({ principal: units, rate: units, since: fc.nat(2 ** 31 - 1) }))
const withStable = fc.tuple(accounts, stable).map(([states, loans]) =>
  [...states].map(([key, state]): [string, AaveV3Account] => [
    key,
    Object.keys(loans).length === 0
      ? state
      : {
          ...state,
          // the contract's flag of borrowing stands for both kinds of debt
          debt: { ...Object.fromEntries(Object.keys(loans).map((id) => [id, 0n])), ...state.debt },
          stable: loans,
        },
  ]),
)
const owing = (states: ReadonlyMap<string, AaveV3Account>) =>
  new Map(
    [...states].filter(([, { collateral, debt }]) => Object.keys({ ...collateral, ...debt }).length > 0),
  )

describe("Aave's own schemas", () => {
  const v3 = reader('aave-v3', 'spark')

  test('the states of which the rows are', () => {
    fc.assert(
      fc.property(markets, accounts, (given, states) => {
        const read = v3.read(officialRows(states, given), given)
        expect(read).toEqual({ states: owing(states), approximate: [], inexactDebts: new Set() })
      }),
    )
  })

  test('loans at stable rates of version 2, which has no e-mode', () => {
    fc.assert(
      fc.property(markets, withStable, (given, states) => {
        const plain = new Map(states.map(([key, state]) => [key, { ...state, eMode: 0 }]))
        const v2 = { ...given, family: 'v2' }
        expect(reader('aave-v2', 'aave-v2').read(officialRows(plain, v2), v2).states).toEqual(owing(plain))
      }),
    )
  })

  const base = { incomeIndex: RAY, debtIndex: RAY }
  const given = { pool: addressOf(9), reserves: { 0: reserveOf(0, base), 1: reserveOf(1, base) } }
  const holder = addressOf(1)
  const state = { eMode: 0, collateral: { 0: 10n }, debt: { 1: 20n } }
  const rows = officialRows(new Map([[holder, state]]), given)
  const changed = (change: object) => rows.map((row) => ({ ...row, ...change }))

  test('of two rows of one asset nobody knows which is right', () => {
    for (const pool of [{ pool: addressOf(9).toLowerCase() }, { pool: null }])
      expect(() => v3.read([...rows, { ...rows[0], id: 'zz', pool }], given)).toThrow(
        `the subgraph has two balances of ${addressOf(100)} for ${holder}`,
      )
    const other = { ...rows[0], id: 'zz', pool: { pool: addressOf(7).toLowerCase() } }
    expect(v3.read([...rows, other], given).states).toEqual(new Map([[holder, state]]))
  })

  test('what the owner does not use as collateral is none, whatever it holds', () => {
    for (const scaledATokenBalance of ['10', '-1000000'])
      expect(
        v3.read(changed({ usageAsCollateralEnabledOnUser: false, scaledATokenBalance }), given).states,
      ).toEqual(new Map([[holder, { eMode: 0, collateral: {}, debt: { 1: 20n } }]]))
  })

  test('a few units below zero are rounding; more is an indexer gone wrong', () => {
    const { states } = v3.read(changed({ scaledVariableDebt: '-16' }), given)
    expect(states).toEqual(new Map([[holder, { eMode: 0, collateral: { 0: 10n }, debt: {} }]]))
    expect(() => v3.read(changed({ scaledVariableDebt: '-17' }), given)).toThrow(/below zero/)
  })

  test('a token that rebases is told as of the last event, and said so', () => {
    const rebasing = {
      ...given,
      family: 'v2',
      reserves: { ...given.reserves, 0: { ...given.reserves[0], rebasingIndex: 2n * RAY, symbol: 'astETH' } },
    }
    const read = reader('aave-v2', 'aave-v2').read(rows, rebasing)
    expect(read.states.get(holder)).toMatchObject({ collateral: { 0: 5n } })
    expect(read.approximate).toEqual(['1 account has astETH as of the last event, without its growth since'])
  })

  test('accounts are asked for a thousand at a time, in lower case', () => {
    const keys = Array.from({ length: 2001 }, (_, i) => addressOf(i + 0xabcdef))
    const wheres = v3.wheres(keys, given)
    expect(wheres.map((where) => where.match(/0x[0-9a-f]{40}/g)?.length)).toEqual([1000, 1000, 1])
    expect(wheres.flatMap((where) => where.match(/0x\w+/g) ?? [])).toEqual(
      keys.map((key) => key.toLowerCase()),
    )
    expect(wheres[0]).toMatch(/^user_in: \["0x/)
  })
})

describe("Messari's schema for Aave's family", () => {
  const messari = reader('messari', 'aave-v3')
  const given = {
    reserves: {
      0: reserveOf(0, { incomeIndex: 2n * RAY, debtIndex: 2n * RAY }),
      1: reserveOf(1, { incomeIndex: 2n * RAY, debtIndex: 4n * RAY }),
    },
  }
  const holder = addressOf(1)
  const state = { eMode: 0, collateral: { 0: 100n }, debt: { 1: 50n } }
  const rows = messariRows(new Map([[holder, state]]), given)
  const change = (side: string, fields: object) =>
    rows.map((row) => (row.side === side ? { ...row, ...fields } : row))
  const stateOf = (changed: readonly object[]) => messari.read(changed, given).states.get(holder)

  test('the scaled balances of which the rows are; e-modes are not told', () => {
    fc.assert(
      fc.property(markets, accounts, (anyMarkets, states) => {
        const read = messari.read(messariRows(states, anyMarkets), anyMarkets)
        const plain = [...owing(states)].map(([key, one]) => [key, { ...one, eMode: 0 }] as const)
        expect(read.states).toEqual(new Map(plain))
        expect(read.inexactDebts).toEqual(new Set())
      }),
    )
  })

  test.each<readonly [string, object, bigint]>([
    // 300 raw at an index of 4
    ['none at all', { principal: null, balance: '300' }, 75n],
    [
      'that of another token, read when it was liquidated',
      { principal: '49', balance: '200', liquidationCount: 1 },
      50n,
    ],
    ['more than the balance', { principal: '201', balance: '200' }, 50n],
    ['less than the balance at the index of now', { principal: '49', balance: '200' }, 50n],
  ])('a scaled balance that cannot be one (%s): the balance at the index of now', (_, fields, debt) => {
    expect(stateOf(change('BORROWER', fields))).toMatchObject({ debt: { 1: debt } })
    const { approximate, inexactDebts } = messari.read(change('BORROWER', fields), given)
    expect(approximate).toContain('1 balance as of the last event, without the interest since')
    expect(inexactDebts).toEqual(new Set([holder]))
  })

  test('collateral as of the last event makes no debt inexact', () => {
    const { approximate, inexactDebts } = messari.read(change('COLLATERAL', { principal: null }), given)
    expect(approximate).toContain('1 balance as of the last event, without the interest since')
    expect(inexactDebts).toEqual(new Set())
  })

  test('of two open positions of one market and side nobody knows which is right', () => {
    const [first] = rows
    expect(() => messari.read([...rows, { ...first, id: 'zz' }], given)).toThrow(/two balances of .* for /)
    const other = { ...first, id: 'zz', side: 'BORROWER', type: 'STABLE', principal: null }
    expect(messari.read([...rows, other], given).inexactDebts).toEqual(new Set([holder]))
  })

  test('collateral is what the account has switched on, whatever the position says', () => {
    const off = rows.map((row) => ({ ...row, account: { ...row.account, _enabledCollaterals: null } }))
    expect(stateOf(off)).toEqual({ eMode: 0, collateral: {}, debt: { 1: 50n } })
  })

  test('a loan at a stable rate stands still, and is said to', () => {
    const stableLoan = change('BORROWER', { type: 'STABLE', principal: '180' })
    expect(stateOf(stableLoan)).toMatchObject({
      debt: { 1: 0n },
      stable: { 1: { principal: 180n, rate: 0n } },
    })
    expect(messari.read(stableLoan, given).approximate).toContain(
      '1 loan at a stable rate, without the interest since',
    )
  })

  test('the sides of version 2 are refused', () => {
    expect(() => stateOf(change('COLLATERAL', { side: 'LENDER' }))).toThrow(/side/)
  })
})

describe("Liquity's own schema", () => {
  const liquity = reader('liquity-v2', 'liquity-v2')
  const manager = addressOf(7)
  const given = { branches: { 0: { troveManager: manager }, 2: { troveManager: manager } } }
  const amounts = fc.bigInt({ min: 0n, max: 10n ** 27n })
  type Trove = typeof trove extends fc.Arbitrary<infer T> ? T : never
  const trove = fc.record({
    collIndex: fc.constantFrom<number>(0, 2),
    id: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    debt: amounts,
    deposit: amounts,
    interestRate: fc.bigInt({ min: 0n, max: 10n ** 18n }),
    updatedAt: fc.bigInt({ min: 0n, max: 2n ** 32n }),
    redeemed: fc.boolean(),
  })
  const rowOf = (one: Trove, more: object = {}) => ({
    id: 'x',
    troveId: numberToHex(one.id),
    borrower: addressOf(3).toLowerCase(),
    status: one.redeemed ? 'redeemed' : 'active',
    debt: String(one.debt),
    deposit: String(one.deposit),
    interestRate: String(one.interestRate),
    updatedAt: String(one.updatedAt),
    interestBatch: null,
    collateral: { collIndex: one.collIndex, addresses: { troveManager: manager.toLowerCase() } },
    ...more,
  })

  test('a trove with a rate of its own is as the branch has it', () => {
    fc.assert(
      fc.property(trove, (one) => {
        const { collIndex, id, debt, deposit, interestRate, updatedAt, redeemed } = one
        const read = liquity.read([rowOf(one)], given)
        const expected: LiquityV2Account = {
          branch: String(collIndex),
          recordedDebt: debt,
          interestRate,
          updatedAt,
          batchShares: 0n,
          redistributedDebt: 0n,
          collateral: deposit,
          batch: null,
          zombie: redeemed && debt < 2000n * 10n ** 18n,
          owner: addressOf(3),
        }
        expect(read).toEqual({
          states: new Map([[`${collIndex}:${id}`, expected]]),
          approximate: [],
          inexactDebts: new Set(),
        })
      }),
    )
  })

  test("one in a batch owes what it owed at its last event, with the batch's rate and fee since", () => {
    const YEAR = 365n * 86_400n
    const one = {
      collIndex: 0,
      id: 5n,
      debt: 1000n * 10n ** 18n,
      deposit: 1n,
      interestRate: 0n,
      updatedAt: 1000n,
      redeemed: false,
    }
    const batch = { annualInterestRate: String(4n * 10n ** 16n), annualManagementFee: String(10n ** 16n) }
    const { states, approximate, inexactDebts } = liquity.read([rowOf(one, { interestBatch: batch })], given)
    const state = states.get('0:5') as LiquityV2Account
    const clock = { timestamp: 1000n + YEAR, shutdownTime: 0n }
    expect(entireDebt(state, null, clock)).toBe(1050n * 10n ** 18n)
    expect(approximate).toEqual([
      "1 trove in batches, with interest since the last event at the batch's rate of now",
    ])
    expect(inexactDebts).toEqual(new Set(['0:5']))
  })

  test('a branch of another system is none', () => {
    const one = {
      collIndex: 1,
      id: 5n,
      debt: 1n,
      deposit: 1n,
      interestRate: 0n,
      updatedAt: 0n,
      redeemed: false,
    }
    expect(liquity.read([rowOf(one)], given).states.size).toBe(0)
    const elsewhere = { branches: { 1: { troveManager: zeroAddress } } }
    expect(liquity.read([rowOf(one)], elsewhere).states.size).toBe(0)
  })
})

test("Comet's: debt is a principal below zero, with the collateral of the offsets that hold any", () => {
  const comet = reader('comet', 'compound-v3')
  const given = {
    comet: addressOf(1),
    assets: { 0: { asset: addressOf(10) }, 1: { asset: addressOf(11) } },
  }
  const principal = fc.bigInt({ min: -(2n ** 103n), max: 2n ** 103n })
  const balances = fc.array(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(principal, balances, fc.boolean(), (basePrincipal, held, ours) => {
      const row = {
        id: 'x',
        account: { id: addressOf(5).toLowerCase() },
        market: { id: addressOf(ours ? 1 : 2).toLowerCase() },
        accounting: {
          basePrincipal: String(basePrincipal),
          // the third is a token that this Comet no longer has
          collateralBalances: held.map((balance, i) => ({
            balance: String(balance),
            collateralToken: { token: { id: addressOf(10 + i).toLowerCase() as Hex } },
          })),
        },
      }
      const { states } = comet.read([row], given)
      if (!ours) {
        expect(states.size).toBe(0)
        return
      }
      const collateral = Object.fromEntries(
        held.slice(0, 2).flatMap((balance, i) => (balance > 0n ? [[i, balance]] : [])),
      )
      expect(states.get(addressOf(5))).toEqual(
        basePrincipal < 0n ? { debt: -basePrincipal, collateral } : { debt: 0n, collateral: {} },
      )
    }),
  )
  expect(comet.wheres([addressOf(5)], given)).toEqual([
    `market: "${addressOf(1).toLowerCase()}", account_in: ["${addressOf(5).toLowerCase()}"]`,
  ])
})
