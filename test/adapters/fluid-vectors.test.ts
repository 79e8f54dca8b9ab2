import { readFileSync } from 'node:fs'
import { getAddress, zeroAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { fluid } from '../../src/adapters/fluid.ts'
import { readAccount } from '../../src/adapters/fluid-accounts.ts'
import type { FluidMarkets } from '../../src/adapters/fluid-markets.ts'

const integer = z.string().transform(BigInt)
const { terms, vectors } = z
  .object({
    terms: z.object({
      supplyExchangePrice: integer,
      borrowExchangePrice: integer,
      threshold: integer,
      priceScale: integer,
      priceDivisor: integer,
    }),
    vectors: z.array(
      z.object({
        state: z.string(),
        id: z.string(),
        token: integer,
        position: integer,
        tickData: integer,
        latest: z.object({ tick: z.number(), debt: integer, supply: integer, partials: integer }).nullable(),
        account: z.object({ tick: z.number(), atEdge: z.boolean(), supply: integer, debt: integer }),
        price: integer,
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/fluid.json', import.meta.url), 'utf8')))

const VAULT = getAddress('0x00000000000000000000000000000000000000f1')

const markets: FluidMarkets = {
  factory: zeroAddress,
  vaults: {
    [VAULT]: {
      vault: VAULT,
      id: 1,
      smart: { supply: false, borrow: false },
      supply: getAddress('0x00000000000000000000000000000000000000a1'),
      borrow: getAddress('0x00000000000000000000000000000000000000a2'),
      oracle: getAddress('0x00000000000000000000000000000000000000a3'),
      feeds: [],
      price: 10n ** 18n,
      penalty: 300n,
      totalBorrow: 0n,
      ...terms,
    },
  },
  minted: 70,
  tokens: {},
  dexes: {},
  usd: {},
}

/** A chain that holds one position and answers in the order in which it is asked. */
const chainOf = ({ token, position, tickData, latest }: (typeof vectors)[number]) => {
  const words = [token, position, tickData]
  const read = async ({ functionName }: { readonly functionName: string }) =>
    functionName === 'fetchLatestPosition' && latest
      ? [BigInt(latest.tick), latest.debt, latest.supply, 1n, latest.partials << 22n]
      : words.shift()
  return { read } as unknown as Parameters<typeof readAccount>[0]
}

describe('positions of Fluid’s own contracts, run on a local chain', () => {
  test.each(vectors)('$state: position $id', async (vector) => {
    const account = await readAccount(chainOf(vector), markets, vector.id)
    const { tick, atEdge, supply, debt } = vector.account
    expect(account).toMatchObject({ vault: VAULT, standing: { tick, atEdge }, supply, debt })
    expect(BigInt(account.owner)).toBe(vector.token % 2n ** 160n)
    const rule = fluid.isLiquidatable(markets, account)
    const at = (answer: bigint) => rule(() => (answer * terms.priceScale) / terms.priceDivisor)
    expect([at(vector.price), at(vector.price + 1n)]).toEqual([true, false])
  })

  test('they were liquidated, and were not, and down to the very start of a tick', () => {
    expect(vectors.filter(({ latest }) => latest !== null).length).toBeGreaterThanOrEqual(5)
    expect(vectors.filter(({ latest }) => latest === null).length).toBeGreaterThanOrEqual(5)
    expect(vectors.filter(({ account }) => account.atEdge).length).toBeGreaterThanOrEqual(5)
  })
})
