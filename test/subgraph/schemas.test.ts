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
      expect(schemaFor(name, protocol).where).not.toBe('')
    }
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
