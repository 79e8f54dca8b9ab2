/**
 * Numbers that the protocol's real contracts gave. Checked by hand, outside this project: euler-xyz/euler-vault-kit at
 * 5b98b420, ethereum-vault-connector at 34bb7882 and euler-price-oracle at 18a3e34d (EulerRouter, ChainlinkOracle,
 * RateProviderOracle, CrossAdapter), compiled with solc 0.8.27 and deployed on anvil by the kit of test/chain/euler-v2.ts
 * in the place of the stand-in: euler-v2.test.ts and euler-v2-touched.test.ts passed on them as they do here.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createRoutes } from '../../src/adapters/euler-v2-routes.ts'
import {
  accruedDebt,
  backedBy,
  debtAssets,
  isUnderwater,
  ltvAt,
  worthAfter,
} from '../../src/adapters/euler-v2-rules.ts'
import type { Reader } from '../../src/sources/batch.ts'

const whole = z.string().transform(BigInt)
const steps = z.array(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('shares'), assets: whole, shares: whole }),
    z.object({ kind: z.literal('price'), key: z.string(), unit: whole, inverse: z.boolean() }),
  ]),
)
const recorded = z
  .object({
    debts: z.array(z.object({ owed: whole, booked: whole, accumulator: whole, exact: whole, assets: whole })),
    shares: z.array(z.object({ totalAssets: whole, totalSupply: whole, amount: whole, assets: whole })),
    ltvs: z.array(
      z.object({
        target: whole,
        initial: whole,
        targetTime: whole,
        duration: whole,
        time: whole,
        ltv: whole,
      }),
    ),
    accounts: z.array(
      z.object({
        vault: z.string(),
        debt: whole,
        debtSteps: steps,
        collateral: z.array(z.object({ balance: whole, ltv: whole, steps })),
        at: z.array(z.object({ prices: z.record(z.string(), whole), backing: whole, liability: whole })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/euler-v2.json', import.meta.url), 'utf8')))

describe('what the real contracts of Euler V2 answered', () => {
  test('40 hours of interest on debts that were noted before: the same raw units, at most 2^-30 of one apart', () => {
    expect(recorded.debts.length).toBe(8)
    for (const { owed, booked, accumulator, exact, assets } of recorded.debts) {
      const ours = accruedDebt(owed, booked, accumulator)
      expect(exact - ours).toBeGreaterThanOrEqual(0n)
      expect(exact - ours).toBeLessThanOrEqual(2n)
      expect(debtAssets(ours)).toBe(assets)
    }
  })

  test('a ramp of the liquidation threshold, to the second and the basis point', () => {
    expect(new Set(recorded.ltvs.map(({ ltv }) => ltv)).size).toBeGreaterThan(7)
    for (const { time, ltv, ...config } of recorded.ltvs) expect(ltvAt(config, time)).toBe(ltv)
  })

  test('shares of its vaults are recognised by their totals and converted to the unit', async () => {
    const [router, vault, asset, unit] = [1, 2, 3, 4].map((n) => `0x${String(n).repeat(40)}`) as [
      `0x${string}`,
      `0x${string}`,
      `0x${string}`,
      `0x${string}`,
    ]
    for (const { totalAssets, totalSupply, amount, assets } of recorded.shares) {
      const answers: Readonly<Record<string, unknown>> = {
        fallbackOracle: router,
        getConfiguredOracle: '0x0000000000000000000000000000000000000000',
        totalAssets,
        totalSupply,
      }
      const tryRead = (async ({
        functionName,
        args,
      }: {
        functionName: string
        args?: readonly unknown[]
      }) => {
        const [first] = args ?? []
        if (functionName === 'resolvedVaults') return first === vault ? asset : unit
        if (functionName === 'convertToAssets')
          return (BigInt(first as bigint) * (totalAssets + 10n ** 6n)) / (totalSupply + 10n ** 6n)
        return answers[functionName] ?? null
      }) as unknown as Reader['tryRead']
      const route = await createRoutes({ tryRead }).routeOf(router, vault, asset)
      expect(route?.steps).toHaveLength(1)
      expect(worthAfter(amount, route?.steps ?? [], () => 0n)).toBe(assets)
    }
  })

  test.each(recorded.accounts.map((account, i) => [`${i + 1}, in ${account.vault}`, account] as const))(
    'account %s: what backs it and what it owes, to the unit, at every price',
    (_, { debt, debtSteps, collateral, at }) => {
      expect(at.length).toBe(5)
      for (const { prices, backing, liability } of at) {
        const priceOf = (key: string) => prices[key] ?? 0n
        const ours = collateral.reduce(
          (sum, { balance, ltv, steps }) => sum + backedBy(worthAfter(balance, steps, priceOf), ltv),
          0n,
        )
        expect([ours, worthAfter(debt, debtSteps, priceOf)]).toEqual([backing, liability])
      }
    },
  )

  test('they hold both verdicts', () => {
    const verdicts = recorded.accounts.flatMap(({ at }) =>
      at.map(({ backing, liability }) => isUnderwater(backing, liability)),
    )
    expect(new Set(verdicts)).toEqual(new Set([true, false]))
  })
})
