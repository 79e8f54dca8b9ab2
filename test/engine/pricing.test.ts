import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { importAdapter } from '../../src/adapters/import.ts'
import { proportionalResponse } from '../../src/core/price-response.ts'
import { WAD } from '../../src/core/units.ts'
import { pricePositions } from '../../src/engine/pricing.ts'
import { type Account, averageThreshold, isLiquidatable, positionAt } from '../core/aave-half-up.ts'

/** A protocol whose accounts are judged by the rule of Aave V3 up to 3.4. */
const halfUp = (decimals: number): AnyAdapter => ({
  ...(importAdapter as AnyAdapter),
  hasDebt: () => true,
  position: (spot, key, account) => ({
    ...positionAt(account as Account, spot as bigint, decimals),
    id: key,
  }),
  isLiquidatable: (_, account) => (priceOf) => isLiquidatable(account as Account, priceOf('moving')),
  phase: (_, account) => (priceOf) => averageThreshold(account as Account, priceOf('moving')),
  prices: (spot) =>
    [
      ['moving', spot as bigint],
      ['fixed', 10n ** BigInt(decimals)],
    ].map(([asset, price]) => ({
      asset: asset as string,
      symbol: '',
      price: price as bigint,
      decimals,
      ask: { to: '0x', data: '0x' },
      feeds: [],
    })),
})

test('a rule whose average threshold falls in steps as the price rises is priced at its last step', () => {
  let stepped = 0
  fc.assert(
    fc.property(
      fc.record({
        eth: fc.bigInt(10n ** 18n, 10n ** 21n),
        usdc: fc.bigInt(10n ** 9n, 10n ** 12n),
        low: fc.bigInt(5_000n, 7_000n),
        high: fc.bigInt(8_000n, 9_500n),
        load: fc.bigInt(9_000n, 9_990n),
      }),
      ({ eth, usdc, low, high, load }) => {
        const spot = 2_000n
        const unit = 1n
        const collateral = [
          { amount: eth, decimals: 18, thresholdBps: low, price: { ratio: 1_000n } },
          { amount: usdc, decimals: 6, thresholdBps: high, price: { fixed: unit } },
        ]
        const weighted = (eth * 2_000n * low) / 10n ** 18n + (usdc * high) / 10n ** 6n
        const debt = [
          { amount: (weighted * load) / 100n, decimals: 6, thresholdBps: 0n, price: { fixed: unit } },
        ]
        const account: Account = { collateral, debt }
        // where the other collateral carries the debt, even by less than one step, the answer is `never`
        fc.pre(usdc * high < (debt[0]?.amount ?? 0n) * 10_000n && !isLiquidatable(account, spot))
        let answer = spot
        while (answer > 0n && !isLiquidatable(account, answer)) answer--
        const drivers = [
          {
            symbol: 'ETH',
            spot,
            decimals: 0,
            responses: { moving: proportionalResponse(spot, spot, WAD, 'config') },
          },
        ]
        const accounts = new Map([['a', account]])
        const { ETH } = pricePositions({ source: 's', adapter: halfUp(0), markets: spot, accounts, drivers })
        expect(ETH).toMatchObject(
          answer === 0n
            ? [{ outcome: 'never', priceRaw: null }]
            : [{ outcome: 'below', priceRaw: `${answer}` }],
        )
        // a safe answer just below a liquidatable one: a search that knew of no steps could have stopped there
        const below = Array.from({ length: 500 }, (_, i) => answer - 1n - BigInt(i))
        if (below.some((lower) => lower > 0n && !isLiquidatable(account, lower))) stepped++
      },
    ),
    { numRuns: 500, seed: 1 },
  )
  expect(stepped).toBeGreaterThan(0)
})
