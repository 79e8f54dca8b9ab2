import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { getAddress, type Hex, numberToHex } from 'viem'
import { expect, test } from 'vitest'
import { adapters } from '../../src/adapters/index.ts'
import { schemaFor } from '../../src/adapters/subgraph-schemas.ts'
import { SCHEMA_NAMES, SCHEMA_PROTOCOLS, schemasOf } from '../../src/core/subgraph.ts'

const address = fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }).map((n) => numberToHex(n, { size: 20 }))
const market = '0xb323495f7e4148be5643a4ea4a8221eef163e4bccfdedc2a6f4696baacbc86cc'

test('every schema lists accounts of adapters that exist', () => {
  const names = adapters.map(({ name }) => name)
  for (const name of SCHEMA_NAMES)
    for (const protocol of SCHEMA_PROTOCOLS[name]) {
      expect(names).toContain(protocol)
      expect(schemasOf(protocol)).toContain(name)
      expect(schemaFor(name, protocol).entity).not.toBe('')
    }
})

test('the README names every schema, and the protocols of each', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, table = ''] = readme.split('| schema | whose |')
  const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `([^`]+)` \|[^|]+\| ([^|]+) \|/gm)]
  expect(Object.fromEntries(rows.map(([, name, protocols = '']) => [name, protocols.split(', ')]))).toEqual(
    SCHEMA_PROTOCOLS,
  )
})

test("a trove's key is its branch and its number, whether written in hex or not", () => {
  const { account } = schemaFor('liquity-v2', 'liquity-v2')
  fc.assert(
    fc.property(fc.nat(9), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (collIndex, id) => {
      const troveManager = market.slice(0, 42)
      const markets = { branches: { [collIndex]: { troveManager: getAddress(troveManager) } } }
      const row = (troveId: string, manager = troveManager) => ({
        id: 'x',
        troveId,
        collateral: { collIndex, addresses: { troveManager: manager } },
      })
      for (const troveId of [numberToHex(id), String(id)])
        expect(account(row(troveId), markets)).toEqual({ key: `${collIndex}:${id}`, debts: null })
      // a branch of another system, and one that this system does not have
      expect(account(row('1', `0x${'a'.repeat(40)}`), markets)).toBeNull()
      expect(account(row('1'), { branches: {} })).toBeNull()
    }),
  )
})

test("Messari's positions give addresses, and at Morpho the market as well", () => {
  fc.assert(
    fc.property(address, (user: Hex) => {
      const row = { id: 'x', account: { id: user }, market: { id: market } }
      const key = getAddress(user)
      expect(schemaFor('messari', 'compound-v2').account(row, {})).toEqual({ key, debts: null })
      expect(schemaFor('messari', 'morpho-blue').account(row, {})).toEqual({
        key: `${market}:${key}`,
        debts: null,
      })
    }),
  )
})

test("Aave's rows give scaled debts, of this pool only", () => {
  const { account } = schemaFor('aave-v3', 'spark')
  fc.assert(
    fc.property(address, address, address, fc.bigInt(), (user, asset, pool, debt) => {
      const row = {
        id: 'x',
        user: { id: user },
        reserve: { underlyingAsset: asset },
        pool: { pool },
        scaledVariableDebt: String(debt),
      }
      const expected = { key: getAddress(user), debts: { [getAddress(asset)]: debt } }
      expect(account(row, { pool: getAddress(pool) })).toEqual(expected)
      const other = numberToHex(BigInt(pool) ^ 1n, { size: 20 })
      expect(account(row, { pool: getAddress(other) })).toBeNull()
      expect(account({ ...row, pool: { pool: null } }, { pool: getAddress(other) })).toEqual(expected)
    }),
  )
})

test("a Comet's positions give its borrowers' principal, of this Comet only", () => {
  const { account, within } = schemaFor('comet', 'compound-v3')
  fc.assert(
    fc.property(address, address, address, fc.bigInt(), (user, comet, asset, basePrincipal) => {
      const row = (of: Hex) => ({
        id: `${of}${user.slice(2)}`,
        account: { id: user },
        market: { id: of },
        accounting: { basePrincipal: String(basePrincipal) },
      })
      const markets = { comet: getAddress(comet), base: { asset: getAddress(asset) } }
      const debt = basePrincipal < 0n ? -basePrincipal : 0n
      const expected = { key: getAddress(user), debts: { [getAddress(asset)]: debt } }
      expect(account(row(comet), markets)).toEqual(expected)
      expect(account(row(numberToHex(BigInt(comet) ^ 1n, { size: 20 })), markets)).toBeNull()
      // ids of a subgraph are in small letters
      expect(within?.(markets)).toBe(`market: "${comet}"`)
    }),
  )
})

test("of Morpho's markets, those that the deployment names", () => {
  const other = numberToHex(1n, { size: 32 })
  const markets = { only: [market] }
  const user = '0x00000000000000000000000000000000000000bb'
  for (const [name, filter, rowOf] of [
    ['messari', 'market_in', (id: Hex) => ({ id: 'x', account: { id: user }, market: { id } })],
    [
      'morpho-api',
      'marketUniqueKey_in',
      (id: Hex) => ({ id: 'x', user: { address: user }, market: { marketId: id } }),
    ],
  ] as const) {
    const { account, within } = schemaFor(name, 'morpho-blue')
    expect(within?.(markets)).toBe(`${filter}: ["${market}"]`)
    expect(within?.({})).toBe('')
    expect(account(rowOf(market), markets)?.key).toBe(`${market}:${getAddress(user)}`)
    expect(account(rowOf(other), markets)).toBeNull()
    expect(account(rowOf(other), {})?.key).toBe(`${other}:${getAddress(user)}`)
  }
})

test("the positions of Morpho's API give market and address", () => {
  const { account } = schemaFor('morpho-api', 'morpho-blue')
  fc.assert(
    fc.property(address, (user) => {
      const row = { id: '1', user: { address: user }, market: { marketId: market } }
      expect(account(row, {})).toEqual({ key: `${market}:${getAddress(user)}`, debts: null })
      expect(() => account({ ...row, market: { marketId: user } }, {})).toThrow(/not a market id/)
    }),
  )
})
