import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { compoundV3 } from '../../src/adapters/compound-v3.ts'
import { accruedIndex, presentDebt } from '../../src/adapters/compound-v3-rules.ts'
import { proportionalResponse } from '../../src/core/price-response.ts'
import { WAD } from '../../src/core/units.ts'
import { pricePositions } from '../../src/engine/pricing.ts'
import { pureComet, tokenOf } from '../helpers/comet-pure.ts'

const whole = z.string().transform(BigInt)
const readJson = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

const { published, chain } = z
  .object({
    published: z.object({
      vectors: z.array(
        z.object({
          name: z.string(),
          input: z.object({
            principal: whole,
            collateral: z.array(z.object({ balance: whole, price: whole, liquidateCollateralFactor: whole })),
          }),
          expected: z.object({ liquidatable: z.boolean() }),
        }),
      ),
    }),
    chain: z.object({
      markets: z.array(
        z.object({
          market: z.string(),
          storedIndex: whole,
          ratePerSecond: whole,
          elapsedSeconds: whole,
          accruedIndex: whole,
          totalBorrowBase: whole,
          totalBorrow: whole,
          basePrice: whole,
          baseDecimals: z.number(),
          positions: z.array(
            z.object({
              outcome: z.string(),
              principal: whole,
              collateral: z.array(
                z.object({ offset: z.number(), balance: whole, decimals: z.number(), factor: whole }),
              ),
              liquidatableAt: z.array(whole),
              safeAt: z.array(whole),
            }),
          ),
        }),
      ),
    }),
  })
  .parse(readJson('comet.json'))

describe('published tests of Comet', () => {
  test.each(published.vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const { principal, collateral } = vector.input
    const markets = pureComet({
      assets: Object.fromEntries(
        collateral.map(({ price, liquidateCollateralFactor }, i) => [
          i,
          { price, liquidateCollateralFactor },
        ]),
      ),
    })
    const account = {
      debt: principal < 0n ? -principal : 0n,
      collateral: Object.fromEntries(collateral.map(({ balance }, i) => [i, balance])),
    }
    const { liquidatable } = compoundV3.position(markets, tokenOf(1), account)
    expect(liquidatable).toBe(vector.expected.liquidatable)
    expect(compoundV3.hasDebt(account)).toBe(principal < 0n)
  })
})

describe('figures of the protocol’s own source on a local chain, by hand', () => {
  describe.each(chain.markets.map((market) => [market.market, market] as const))('%s', (_, market) => {
    test('interest that nobody booked, and the total with it', () => {
      const index = accruedIndex(market.storedIndex, market.ratePerSecond, market.elapsedSeconds)
      expect(index).toBe(market.accruedIndex)
      expect(presentDebt(market.totalBorrowBase, index)).toBe(market.totalBorrow)
      expect(presentDebt(market.totalBorrowBase, market.storedIndex)).toBeLessThan(market.totalBorrow)
    })

    test.each(market.positions.map((position, i) => [i, position] as const))('position %i', (_, position) => {
      const markets = pureComet({
        base: { price: market.basePrice, decimals: market.baseDecimals },
        borrowIndex: market.accruedIndex,
        assets: Object.fromEntries(
          position.collateral.map(({ offset, decimals, factor }) => [
            offset,
            { decimals, liquidateCollateralFactor: factor },
          ]),
        ),
      })
      const rule = compoundV3.isLiquidatable(markets, {
        debt: position.principal,
        collateral: Object.fromEntries(position.collateral.map(({ offset, balance }) => [offset, balance])),
      })
      const at = (prices: readonly bigint[]) =>
        rule((asset) => {
          const place = position.collateral.findIndex(({ offset }) => tokenOf(offset) === asset)
          return prices[place] ?? market.basePrice
        })
      expect(at(position.liquidatableAt)).toBe(true)
      expect(at(position.safeAt)).toBe(false)
    })
  })

  test('they hold what there is to get wrong', () => {
    const positions = chain.markets.flatMap((market) => market.positions)
    expect(positions.length).toBeGreaterThan(9)
    expect(new Set(positions.map(({ outcome }) => outcome))).toEqual(new Set(['below', 'above', 'already']))
    expect(positions.flatMap(({ collateral }) => collateral).some(({ offset }) => offset > 15)).toBe(true)
  })
})

test('golden vector G6, computed by two other programs', () => {
  const { vectors } = z
    .object({ vectors: z.array(z.looseObject({ id: z.string() })) })
    .parse(readJson('golden.json'))
  const { input, expected } = z
    .object({
      input: z.object({
        principal: whole,
        baseBorrowIndex: whole,
        basePrice: whole,
        baseDecimals: z.number(),
        collateralBalance: whole,
        collateralDecimals: z.number(),
        liquidateCollateralFactor: whole,
      }),
      expected: z.object({ presentValue: whole, edgePrice: z.string() }),
    })
    .parse(vectors.find(({ id }) => id === 'G6'))
  const spot = 3000_00000000n
  const markets = pureComet({
    base: { price: input.basePrice, decimals: input.baseDecimals },
    borrowIndex: input.baseBorrowIndex,
    assets: {
      0: {
        price: spot,
        decimals: input.collateralDecimals,
        liquidateCollateralFactor: input.liquidateCollateralFactor,
      },
    },
  })
  const account = { debt: -input.principal, collateral: { 0: input.collateralBalance } }
  const [debt] = compoundV3.position(markets, tokenOf(1), account).debt
  expect(debt?.amount).toBe(expected.presentValue)
  const responses = { [tokenOf(0)]: proportionalResponse(spot, spot, WAD, 'config') }
  const rows = pricePositions({
    source: 'compound-v3/pure/market',
    adapter: compoundV3 as AnyAdapter,
    markets,
    accounts: new Map([[tokenOf(1), account]]),
    drivers: [{ symbol: 'ETH', spot, decimals: 8, responses }],
  })
  expect(rows.ETH?.[0]).toMatchObject({ outcome: 'below', priceRaw: expected.edgePrice })
})
