import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { aaveV4 } from '../../src/adapters/aave-v4.ts'
import type { AaveV4Account } from '../../src/adapters/aave-v4-accounts.ts'
import type { AaveV4Markets } from '../../src/adapters/aave-v4-markets.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { ladderOf } from '../../src/core/cascade/ladder.ts'
import { ruleOf } from '../../src/core/cascade/rules.ts'
import { parseExact } from '../../src/core/exact-json.ts'
import type { PriceResponse } from '../../src/core/price-response.ts'
import { toNumber, WAD } from '../../src/core/units.ts'
import { pricePositions } from '../../src/engine/pricing.ts'

type Driver = 'ETH' | 'BTC'

/** What the protocol's own source answered on a local chain: see `source` in the file. */
type Vectors = {
  readonly spot: Readonly<Record<Driver, bigint>>
  readonly responses: Readonly<Record<Driver, Readonly<Record<string, PriceResponse>>>>
  readonly markets: AaveV4Markets
  readonly positions: readonly {
    readonly key: string
    readonly driver: Driver
    readonly outcome: string
    readonly account: AaveV4Account
    readonly healthFactor: bigint
    readonly bonus: bigint
    readonly edge: { readonly liquidatable: bigint; readonly safe: bigint } | null
  }[]
  readonly sizes: readonly {
    readonly account: AaveV4Account
    readonly reserve: number
    readonly driverAnswer: bigint
    readonly healthAfter: bigint
    readonly debtBefore: bigint
    readonly debtAfter: bigint
    readonly collateralBefore: bigint
    readonly collateralAfter: bigint
  }[]
}

const { spot, responses, markets, positions, sizes } = parseExact(
  readFileSync(new URL('../fixtures/aave-v4.json', import.meta.url), 'utf8'),
) as Vectors

const driverOf = (symbol: Driver) => ({
  symbol,
  spot: spot[symbol],
  decimals: 8,
  responses: responses[symbol],
})

describe('figures of the protocol’s own source on a local chain, by hand', () => {
  test.each(positions.map((one) => [`${one.driver} ${one.outcome} ${one.key}`, one] as const))(
    '%s',
    (_, { key, driver, outcome, account, healthFactor, bonus, edge }) => {
      const position = aaveV4.position(markets, key, account)
      expect(position.healthFactor).toBe(healthFactor)
      expect(position.liquidatable).toBe(healthFactor < WAD)
      expect(position.collateral[0]?.bonus).toBe((bonus - 10_000n) * 10n ** 14n)
      const [row] =
        pricePositions({
          source: 'aave-v4/local/test',
          adapter: aaveV4 as AnyAdapter,
          markets,
          accounts: new Map([[key, account]]),
          drivers: [driverOf(driver)],
        })[driver] ?? []
      expect(row?.outcome).toBe(outcome)
      expect(row?.priceRaw).toBe(edge === null ? null : edge.liquidatable.toString())
    },
  )

  test('they hold what there is to get wrong', () => {
    for (const driver of ['ETH', 'BTC']) {
      const outcomes = positions.filter((one) => one.driver === driver).map(({ outcome }) => outcome)
      const possible = driver === 'ETH' ? ['insolvent'] : []
      expect(new Set(outcomes)).toEqual(new Set(['below', 'above', 'already', 'never', ...possible]))
    }
    const debts = positions.flatMap(({ account }) => Object.values(account.debt))
    expect(debts.some(({ premiumShares }) => premiumShares > 0n)).toBe(true)
    const keys = positions.flatMap(({ account }) => Object.values(account.collateral))
    expect(new Set(keys.map(({ configKey }) => configKey))).toEqual(new Set([0, 1]))
    const hubs = Object.values(markets.reserves).map(({ hub }) => hub)
    expect(new Set(hubs).size).toBe(2)
  })
})

test.each(sizes.map((size, i) => [i, size] as const))(
  'liquidation %i of the protocol’s own source takes what the cascade’s ladder takes first',
  (_, size) => {
    const usd = (value: bigint) => toNumber(value, 26)
    const { account, reserve } = size
    const { collateral } = aaveV4.position(markets, '', account)
    const [leg] = collateral
    const rule = { ...ruleOf('aave-v4/ethereum/main'), ...aaveV4.liquidationRule?.(markets) }
    expect(rule.targetHealthFactor).toBe(1.04)
    expect(toNumber(size.healthAfter, 18)).toBeCloseTo(1.04, 9)
    const price = toNumber(size.driverAnswer, 8)
    const [rung] = ladderOf({
      source: 'aave-v4/local/test',
      id: '',
      price,
      driverAmount: usd(size.collateralBefore) / price,
      debtUsd: usd(size.debtBefore),
      threshold: toNumber(leg?.threshold ?? 0n, 18),
      bonus: toNumber(leg?.bonus ?? 0n, 18),
      rule,
    }).rungs
    const repaid = usd(size.debtBefore - size.debtAfter)
    const taken = usd(size.collateralBefore - size.collateralAfter)
    expect(leg?.pricedAs).toBe(`reserve ${reserve}`)
    expect((rung?.repaidUsd ?? 0) / repaid).toBeCloseTo(1, 6)
    expect(((rung?.amount ?? 0) * price) / taken).toBeCloseTo(1, 6)
  },
)
