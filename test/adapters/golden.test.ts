import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import { priceAlone, pureMarket } from '../helpers/pure-market.ts'

const legSchema = z.object({
  asset: z.string(),
  scaled: z.string(),
  index: z.enum(['i1', 'i2']).optional(),
  decimals: z.number(),
  price: z.string(),
  liquidationThresholdBps: z.number().optional(),
})
const vectorSchema = z.object({
  id: z.string(),
  rule: z.enum(['aave8', 'aave9']),
  direction: z.enum(['long', 'short']),
  input: z.object({ collateral: z.array(legSchema), debt: z.array(legSchema) }),
  expected: z.object({ edgePrice: z.string() }),
})

const golden = JSON.parse(readFileSync(new URL('../fixtures/golden.json', import.meta.url), 'utf8'))
const vectors = z
  .array(vectorSchema)
  .parse(golden.vectors.filter(({ rule }: { rule: string }) => rule.startsWith('aave')))
const [INCOME, DEBT] = [BigInt(golden.constants.i1), BigInt(golden.constants.i2)]

/** What the driver costs at the pinned block: on the safe side of every vector. */
const SPOT = { long: 3000_00000000n, short: 3000_00000000n }

describe('golden vectors, computed by two other programs', () => {
  test('all of Aave’s are here', () => {
    expect(vectors.map(({ id }) => id)).toEqual(['G1', 'G1b', 'G2', 'G3', 'G3b'])
  })

  const build = ({ rule, direction, input }: (typeof vectors)[number], revision: number) => {
    const spot = SPOT[direction]
    const legs = [...input.collateral, ...input.debt]
    const symbols = [...new Set(legs.map(({ asset }) => asset))]
    const reserves = symbols.map((symbol) => {
      const mine = legs.filter(({ asset }) => asset === symbol)
      const [leg] = mine
      const threshold = mine.find((l) => l.liquidationThresholdBps !== undefined)?.liquidationThresholdBps
      return {
        symbol,
        decimals: leg?.decimals ?? 0,
        price: leg?.price === 'factor' ? spot : BigInt(leg?.price ?? 0),
        liquidationThreshold: BigInt(threshold ?? 0),
        incomeIndex: INCOME,
        debtIndex: DEBT,
      }
    })
    const scaled = (side: typeof legs) =>
      Object.fromEntries(side.map(({ asset, scaled }) => [symbols.indexOf(asset), BigInt(scaled)]))
    const markets = pureMarket({ revision, reserves })
    const account = { eMode: 0, collateral: scaled(input.collateral), debt: scaled(input.debt) }
    return { rule, spot, markets, account, follower: symbols.indexOf('WETH') }
  }

  /** Both ends of each family of roundings: revisions up to 8, and from 9 on. */
  const REVISIONS = { aave8: [1, 4, 7, 8], aave9: [9, 10, 11] }

  test.each(
    vectors.flatMap((vector) =>
      REVISIONS[vector.rule].map((revision) => [vector.id, revision, vector] as const),
    ),
  )('%s, POOL_REVISION %i', (_, revision, vector) => {
    const { spot, markets, account, follower } = build(vector, revision)
    const row = priceAlone(markets, account, { spot, followers: [follower] })
    expect(row.outcome).toBe(vector.direction === 'long' ? 'below' : 'above')
    expect(row.priceRaw).toBe(vector.expected.edgePrice)

    const rule = aaveV3.isLiquidatable(markets, account)
    const at = (answer: bigint) =>
      rule((asset) =>
        asset === markets.reserves[follower]?.asset
          ? answer
          : (Object.values(markets.reserves).find((r) => r.asset === asset)?.price ?? 0n),
      )
    const edge = BigInt(vector.expected.edgePrice)
    const further = vector.direction === 'long' ? edge + 1n : edge - 1n
    expect([at(edge), at(further)]).toEqual([true, false])
  })

  test('the other family of roundings gives another price: the revision decides', () => {
    const byId = new Map(vectors.map((vector) => [vector.id, vector]))
    for (const [old, current] of [
      ['G1b', 'G1'],
      ['G3b', 'G3'],
    ] as const) {
      const [a, b] = [byId.get(old), byId.get(current)]
      expect(a?.input).toEqual(b?.input)
      expect(a?.expected.edgePrice).not.toBe(b?.expected.edgePrice)
    }
  })
})
