import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { sky } from '../../src/adapters/sky.ts'
import { urnOfVault } from '../../src/adapters/sky-accounts.ts'
import { skyDeployments } from '../../src/adapters/sky-deployments.ts'
import { drippedRate, isUnsafe, priceOfSpot, refusalOf, spotOf } from '../../src/adapters/sky-rules.ts'
import { proportionalResponse } from '../../src/core/price-response.ts'
import { RAY, toNumber, WAD } from '../../src/core/units.ts'
import { pricePositions } from '../../src/engine/pricing.ts'
import { packageFile } from '../helpers/package-file.ts'
import { PIP, pureSky, pureVault } from '../helpers/sky-pure.ts'

const whole = z.string().transform(BigInt)
const readJson = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

const golden = z
  .object({
    vectors: z.array(
      z.object({
        id: z.string(),
        input: z.record(z.string(), z.unknown()),
        expected: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .parse(readJson('golden.json'))
  .vectors.filter(({ id }) => id === 'G7')
  .map(({ input, expected }) => ({
    ...z.object({ ink: whole, art: whole, rate: whole, mat: whole, par: whole }).parse(input),
    edge: whole.parse(expected.edgePrice),
  }))

const { published, chain } = z
  .object({
    published: z.object({
      input: z.record(z.string(), z.string()),
      expected: z.record(z.string(), z.string()),
    }),
    chain: z.object({
      vaults: z.array(
        z.object({
          ilk: z.string(),
          ...{ ink: whole, art: whole, rate: whole, mat: whole, par: whole, edge: whole },
          ratio: z.enum(['1', '1.2']),
        }),
      ),
      drips: z.array(
        z.object({ ilk: z.string(), perSecond: whole, seconds: whole, stored: whole, drip: whole }),
      ),
    }),
  })
  .parse(readJson('maker.json'))

/** The row of one vault with ETH at a spot of 8 decimals. */
const rowOf = (
  { ink, art, spot }: { readonly ink: bigint; readonly art: bigint; readonly spot: bigint },
  { mat, rate, par, ratio = WAD }: Record<'mat' | 'rate' | 'par', bigint> & { readonly ratio?: bigint },
) => {
  const price = (spot * 10n ** 10n * ratio) / WAD
  const { ETH: [row] = [] } = pricePositions({
    source: 'sky/local/test',
    adapter: sky as AnyAdapter,
    markets: pureSky({ par, ilk: { mat, rate }, oracle: { now: price, next: price, market: price } }),
    accounts: new Map([['ETH-A:0x', pureVault(ink, art)]]),
    drivers: [
      {
        ...{ symbol: 'ETH', spot, decimals: 8 },
        responses: { [PIP]: proportionalResponse(price, spot, WAD, 'config') },
      },
    ],
  })
  return row
}

test('golden vector G7, computed by two other programs', () => {
  expect(golden.length).toBe(1)
  for (const { ink, art, rate, mat, par, edge } of golden) {
    const unsafe = (price: bigint) => isUnsafe({ ink, art }, spotOf(price, { mat, par }), rate)
    expect([unsafe(edge), unsafe(edge + 1n)]).toEqual([true, false])
  }
})

test('a vault of dai.js’s own tests: its liquidation price, ratio and value', () => {
  const { input, expected } = published
  const units = (text: string | undefined) => BigInt(Math.round(Number(text) * 1e8)) * 10n ** 10n
  const mat = units(input.liquidationRatio) * 10n ** 9n
  const row = rowOf(
    { ink: units(input.inkEth), art: units(input.debtDai), spot: units(input.priceUsd) / 10n ** 10n },
    { mat, rate: RAY, par: RAY },
  )
  // at 30.00000000 it is safe, to the last digit below it is not
  expect(row?.priceRaw).toBe(String(Number(expected.liquidationPriceUsd) * 1e8 - 1))
  expect(row?.collateralUsd).toBe(Number(expected.collateralValueUsd))
  // theirs is collateral over debt, ours is that over what is required
  const required = Number(input.liquidationRatio)
  expect((row?.healthFactor ?? 0) * required).toBeCloseTo(Number(expected.collateralizationRatio), 9)
})

describe('figures of the protocol’s own source on a local chain, by hand', () => {
  test.each(chain.vaults.map((vault, i) => [i, vault.ilk, vault] as const))(
    'vault %i, %s',
    (_, __, vault) => {
      const { ink, art, edge, ratio, ...terms } = vault
      const row = rowOf(
        { ink, art, spot: 90_000_00000000n },
        { ...terms, ratio: (WAD * BigInt(Number(ratio) * 10)) / 10n },
      )
      expect(row).toMatchObject({ outcome: 'below', priceRaw: edge.toString() })
    },
  )

  test.each(chain.drips.map((drip) => [drip.ilk, drip] as const))('the fee of %s', (_, drip) => {
    const { perSecond, seconds, stored } = drip
    expect(drippedRate(stored, { perSecond, seconds })).toBe(drip.drip)
  })
})

describe('formulas', () => {
  const ray = (from: bigint, to: bigint) => fc.bigInt(from, to)
  const terms = fc.record({ mat: ray(RAY, 4n * RAY), par: ray((RAY * 9n) / 10n, (RAY * 11n) / 10n) })

  test('the edge lies within two wei of the closed form art·rate·mat·par / (ink·1e63)', () => {
    fc.assert(
      fc.property(
        terms,
        fc.bigInt(10n ** 16n, 10n ** 24n),
        fc.bigInt(10n ** 18n, 10n ** 26n),
        ray(RAY, 3n * RAY),
        ({ mat, par }, ink, art, rate) => {
          const closed = (art * rate * mat * par) / (ink * 10n ** 63n)
          fc.pre(closed > 2n)
          const unsafe = (price: bigint) => isUnsafe({ ink, art }, spotOf(price, { mat, par }), rate)
          expect(unsafe(closed - 2n)).toBe(true)
          expect(unsafe(closed + 3n)).toBe(false)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('a price that is only known by the Vat’s comes back within a wei of it', () => {
    fc.assert(
      fc.property(terms, fc.bigInt(10n ** 12n, 10n ** 24n), (its, price) => {
        const spot = spotOf(price, its)
        const found = priceOfSpot(spot, its)
        expect(spotOf(found, its)).toBeGreaterThanOrEqual(spot)
        expect(found <= price && price - found <= 1n).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('a fee over two spans is the fee over both, but for the last digits', () => {
    fc.assert(
      fc.property(
        fc.bigInt(RAY, RAY + 10n ** 19n),
        fc.bigInt(0n, 10n ** 7n),
        fc.bigInt(0n, 10n ** 7n),
        (perSecond, first, second) => {
          const once = drippedRate(RAY, { perSecond, seconds: first + second })
          const twice = drippedRate(drippedRate(RAY, { perSecond, seconds: first }), {
            perSecond,
            seconds: second,
          })
          expect(toNumber(twice, 27) / toNumber(once, 27)).toBeCloseTo(1, 12)
          const yearly = Math.exp(Math.log1p(Number(perSecond - RAY) * 1e-27) * Number(first + second))
          expect(toNumber(once, 27) / yearly).toBeCloseTo(1, 9)
        },
      ),
    )
  })

  test('no price, nobody unsafe: an ilk whose price is 0 is not one whose vaults are all under water', () => {
    expect(isUnsafe({ ink: WAD, art: 10n ** 30n }, 0n, RAY)).toBe(false)
    expect(isUnsafe({ ink: WAD, art: 10n ** 30n }, 1n, RAY)).toBe(true)
  })

  test('exactly at its ratio a vault is safe', () => {
    // 3000 DAI on 2 ETH at 2250 USD and 150 %: 2 · 2250 / 1.5 = 3000
    const spot = spotOf(2250n * WAD, { mat: (RAY * 3n) / 2n, par: RAY })
    expect(spot).toBe(1500n * RAY)
    expect(isUnsafe({ ink: 2n * WAD, art: 3000n * WAD }, spot, RAY)).toBe(false)
    expect(isUnsafe({ ink: 2n * WAD, art: 3000n * WAD + 1n }, spot, RAY)).toBe(true)
  })

  test('what may still be put up for auction: a part, all of it, or nothing', () => {
    const RAD = 10n ** 45n
    const chop = (WAD * 113n) / 100n
    const dust = 7500n * RAD
    const vault = { ink: 10n * WAD, art: 20_000n * WAD }
    const with_ = (room: bigint) => refusalOf(vault, RAY, { chop, dust, room })
    expect(with_(1_000_000n * RAD)).toBe(null)
    // 11,300 is room for 10,000: both halves are above the dust
    expect(with_(11_300n * RAD)).toBe(null)
    // 15,000 leave 5,000, less than dust: then all of it goes
    expect(with_(16_950n * RAD)).toBe(null)
    // 5,000 would be an auction below the dust
    expect(with_(5650n * RAD)).toBe('too little may be put up for auction now')
    expect(with_(0n)).toBe('no more collateral may be put up for auction now')
    expect(refusalOf({ ...vault, ink: 0n }, RAY, { chop, dust, room: 10n ** 60n })).toBe(
      'it has no collateral to sell',
    )
  })
})

test('where the vaults of the manager lie: 1,025 numbers and urns on record on Ethereum', () => {
  const file = new URL('../fixtures/maker-ethb/events/ethb_vault_creations.csv.gz', import.meta.url)
  const [, ...rows] = gunzipSync(readFileSync(file)).toString().trim().split('\n')
  const recorded = rows
    .map((row) => row.split(','))
    .map(([, , number = '', , urn = '']) => [number, urn.trim()])
  expect(recorded.length).toBe(1025)
  const { manager } = skyDeployments['ethereum/main']
  const computed = recorded.map(([number = '']) => [
    number,
    urnOfVault(manager, BigInt(number)).toLowerCase(),
  ])
  expect(computed).toEqual(recorded)
})

test('the addresses are those of Oasis’s package, where it has them', () => {
  const text = readFileSync(packageFile('@oasisdex/addresses@0.1.92', 'lib/index.js'), 'utf8')
  const { vat, spotter, dog, jug, manager, dai } = skyDeployments['ethereum/main']
  for (const [name, address] of Object.entries({
    Vat: vat,
    Spot: spotter,
    Dog: dog,
    Jug: jug,
    CdpManager: manager,
  }))
    expect(text).toContain(`${name}:{name:"${name}",address:"${address}"`)
  expect(text).toContain(dai)
})
