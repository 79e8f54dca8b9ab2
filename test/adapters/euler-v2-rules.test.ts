import fc from 'fast-check'
import { getAddress, toEventSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { eulerEvcEventsAbi, eulerVaultEventsAbi } from '../../abis/euler-v2.ts'
import { eulerV2 } from '../../src/adapters/euler-v2.ts'
import { eulerV2Deployments } from '../../src/adapters/euler-v2-deployments.ts'
import {
  accruedDebt,
  DEBT_UNITS,
  debtAssets,
  healthScore,
  isUnderwater,
  ltvAt,
  worthAfter,
} from '../../src/adapters/euler-v2-rules.ts'
import { knownChainId } from '../../src/config.ts'
import { WAD } from '../../src/core/units.ts'

const RAY = 10n ** 27n
const UNIT = 10n ** 38n
const amounts = fc.bigInt({ min: 1n, max: 2n ** 112n })
const answers = fc.bigInt({ min: 1n, max: 10n ** 14n })
const decimals = fc.constantFrom(6, 8, 18)

describe('the rules of Euler V2, as properties', () => {
  test('one price for 10^38 units says what the adapter says of any amount, to the unit', () => {
    fc.assert(
      fc.property(amounts, answers, decimals, (amount, answer, digits) => {
        // ScaleUtils.calcOutAmount of a feed of 8 decimals in an 18-decimal unit of account, both ways round
        const [up, down] = [10n ** 18n * answer, 10n ** BigInt(8 + digits)]
        const forward = { kind: 'price', key: 'f', unit: UNIT, inverse: false } as const
        const inverse = { kind: 'price', key: 'i', unit: UNIT, inverse: true } as const
        const priceOf = (key: string) => (key === 'f' ? (UNIT * up) / down : (UNIT * down) / up)
        expect(worthAfter(amount, [forward], priceOf)).toBe((amount * up) / down)
        // beyond 10^24 units the cut of the price itself can show
        if (amount < 10n ** 24n) expect(worthAfter(amount, [inverse], priceOf)).toBe((amount * down) / up)
      }),
      { numRuns: 2000 },
    )
  })

  test('debt never shrinks with time, and is rounded up by less than one unit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 144n - 1n }),
        fc.bigInt({ min: RAY, max: 10n * RAY }),
        fc.bigInt({ min: 0n, max: RAY }),
        (owed, booked, more) => {
          const later = accruedDebt(owed, booked, booked + more)
          expect(later).toBeGreaterThanOrEqual(owed)
          expect(accruedDebt(owed, booked, booked)).toBe(owed)
          const assets = debtAssets(later)
          expect(assets * DEBT_UNITS - later).toBeGreaterThanOrEqual(0n)
          expect(assets * DEBT_UNITS - later).toBeLessThan(DEBT_UNITS)
        },
      ),
    )
  })

  test('a state noted at any time gives the same debt later, to two units of 2^-31', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 130n }),
        fc.bigInt({ min: 0n, max: RAY }),
        fc.bigInt({ min: 0n, max: RAY / 100n }),
        (owed, first, second) => {
          const [at, now] = [RAY + first, RAY + first + second]
          const noted = accruedDebt(accruedDebt(owed, RAY, at), at, now)
          const exact = accruedDebt(owed, RAY, now)
          expect(exact - noted).toBeGreaterThanOrEqual(0n)
          expect(exact - noted).toBeLessThanOrEqual(2n)
        },
      ),
    )
  })

  test('a ramp falls from one threshold to the other and never leaves them', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(10_000), fc.nat(10_000), fc.nat(10 ** 6)),
        fc.integer({ min: 1, max: 10 ** 6 }),
        ([a, b, elapsed], duration) => {
          const [target, initial] = [Math.min(a, b), Math.max(a, b)].map(BigInt) as [bigint, bigint]
          const config = { target, initial, targetTime: 2_000_000n, duration: BigInt(duration) }
          const start = 2_000_000n - BigInt(duration)
          const [now, next] = [elapsed, elapsed + 1].map((s) => ltvAt(config, start + BigInt(s))) as [
            bigint,
            bigint,
          ]
          expect(now).toBeGreaterThanOrEqual(target)
          expect(now).toBeLessThanOrEqual(initial)
          expect(next).toBeLessThanOrEqual(now)
          if (elapsed >= duration) expect(now).toBe(target)
        },
      ),
    )
  })

  test('a threshold that is raised counts at once', () => {
    expect(ltvAt({ target: 9000n, initial: 8000n, targetTime: 100n, duration: 0n }, 100n)).toBe(9000n)
    expect(ltvAt({ target: 9000n, initial: 8000n, targetTime: 200n, duration: 100n }, 100n)).toBe(9000n)
  })

  test('liquidatable is what the health score says, but for a debt that is worth nothing', () => {
    fc.assert(
      fc.property(amounts, amounts, (backing, liability) => {
        const health = healthScore(backing, liability)
        expect(isUnderwater(backing, liability)).toBe(backing <= liability)
        if (isUnderwater(backing, liability)) expect(health).toBeLessThanOrEqual(WAD)
        else expect(health).toBeGreaterThanOrEqual(WAD)
      }),
    )
    expect(isUnderwater(5n, 5n)).toBe(true)
    expect(isUnderwater(0n, 0n)).toBe(false)
    expect(healthScore(1n, 0n)).toBeNull()
  })
})

describe('the addresses and the logs of Euler V2', () => {
  test('each is a deployment on a chain that has a name, and no address stands twice', () => {
    const entries = Object.entries(eulerV2Deployments)
    const addresses = entries.flatMap(([path, deployment]) => {
      const { evc, factory, fromBlock } = eulerV2.parseDeployment(deployment)
      expect(fromBlock).toBeGreaterThan(0n)
      expect([deployment.evc, deployment.factory]).toEqual([getAddress(evc), getAddress(factory)])
      expect(knownChainId(path.split('/')[0] ?? '')).not.toBeNull()
      return [evc, factory]
    })
    expect(new Set(addresses).size).toBe(addresses.length)
  })

  test('what is no deployment is refused, key by key', () => {
    const { evc, factory } = eulerV2Deployments['ethereum/main']
    expect(() => eulerV2.parseDeployment({ evc, factory: '0x12', fromBlock: 1 })).toThrow(/not an address/)
    expect(() => eulerV2.parseDeployment({ evc, factory, fromBlock: -1 })).toThrow()
    expect(() => eulerV2.parseDeployment({ evc, fromBlock: 1 })).toThrow()
  })

  // keccak256 of the signatures in the sources, noted down before there was any code of ours
  test.each([
    ['Borrow', '0xcbc04eca7e9da35cb1393a6135a199ca52e450d5e9251cbd99f7847d33a36750'],
    ['PullDebt', '0xe6d0bfd9025bf59969101a13cf02e3ba2811b533816c47d7155546c7c8a1048f'],
    ['Liquidate', '0x8246cc71ab01533b5bebc672a636df812f10637ad720797319d5741d5ebb3962'],
    ['Repay', '0x5c16de4f8b59bd9caf0f49a545f25819a895ed223294290b408242e72a594231'],
    ['DebtSocialized', '0xe786d0bc2e83bf230ed9895a9c4d7756ab0c6e22eb8a4ff69c161ece76bd36df'],
    ['ControllerStatus', '0x9919d437ee612d4ec7bba88a7d9bc4fc36a0a23608ad6259252711a46b708af9'],
    ['CollateralStatus', '0xf022705c827017c972043d1984cfddc7958c9f4685b4d9ce8bd68696f4381cd2'],
  ])('%s has its topic', (name, topic) => {
    const event = [...eulerEvcEventsAbi, ...eulerVaultEventsAbi].find((item) => item.name === name)
    expect(event && toEventSelector(event)).toBe(topic)
  })
})
