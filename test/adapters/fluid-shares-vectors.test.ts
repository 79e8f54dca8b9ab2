import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { getAddress, type Hex, numberToHex, zeroAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { standsFor } from '../../src/adapters/fluid-dexes.ts'
import { exchangePrices } from '../../src/adapters/fluid-liquidity.ts'
import { type FluidVault, readMarkets } from '../../src/adapters/fluid-markets.ts'
import { decodePosition, isAbove, liquidationTick } from '../../src/adapters/fluid-rules.ts'

const integer = z.string().transform(BigInt)
const pair = z.tuple([integer, integer])
const { prices, shares, nonces, vaults, positions } = z
  .object({
    prices: z.array(z.object({ word: integer, now: integer, supply: integer, borrow: integer })),
    shares: z.array(
      z.object({
        side: z.enum(['supply', 'borrow']),
        shares: integer,
        stock: z.object({ shares: integer, amounts: pair }),
        decimals: z.tuple([z.number(), z.number()]),
        paid: pair,
      }),
    ),
    nonces: z.array(z.object({ deployer: z.string(), nonce: integer, address: z.string() })),
    vaults: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        terms: integer,
        variables: integer,
        absorbed: integer,
        absorbedDust: integer,
        oracle: z.string(),
        supplyExchangePrice: integer,
        borrowExchangePrice: integer,
        price: integer,
        threshold: integer,
        penalty: integer,
        totalBorrow: integer,
      }),
    ),
    positions: z.array(
      z.object({
        vault: z.string(),
        id: z.string(),
        position: integer,
        standing: z.object({ tick: z.number(), atEdge: z.boolean() }),
        wasLiquidated: z.boolean(),
        answers: z.array(z.object({ driver: z.string(), oracle: integer, taken: z.boolean() })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/fluid-shares.json', import.meta.url), 'utf8')))

const [TOKEN, OTHER, DEX, VAULT] = [0xa1, 0xa2, 0xd1, 0xf1].map((n) =>
  getAddress(numberToHex(n, { size: 20 })),
) as [Hex, Hex, Hex, Hex]

type Vault = Pick<(typeof vaults)[number], 'type' | 'terms'> & Partial<(typeof vaults)[number]>

/** What the adapter makes of one vault whose contract answers with these words. */
const readVault = async (vault: Vault, deployer: string): Promise<FluidVault> => {
  const { type, terms, variables = 0n, absorbed = 0n, absorbedDust = 0n, price = 1n } = vault
  const ofDex = { token0: TOKEN, token1: OTHER }
  const ofToken = { token0: TOKEN, token1: zeroAddress }
  const answers: Readonly<Record<string, unknown>> = {
    totalVaults: 1n,
    totalSupply: 0n,
    getVaultAddress: VAULT,
    TYPE: BigInt(type.slice(1)) * 10_000n,
    constantsView: {
      deployer,
      supply: DEX,
      borrow: DEX,
      supplyToken: type === 'T2' || type === 'T4' ? ofDex : ofToken,
      borrowToken: type === 'T3' || type === 'T4' ? ofDex : ofToken,
    },
    getExchangeRateLiquidate: price,
    updateExchangePrices: [0n, 0n, vault.supplyExchangePrice ?? 1n, vault.borrowExchangePrice ?? 1n],
  }
  const words = [variables, terms, absorbed, 0n, 0n, 0n, 0n, 0n, 0n, 0n, absorbedDust]
  const read = async ({ address, functionName, args }: never & Record<string, never>) =>
    address === DEX || address === TOKEN || address === OTHER
      ? null
      : functionName === 'readFromStorage'
        ? words[Number(args[0])]
        : (answers[functionName] ?? null)
  const chain = {
    read,
    tryRead: read,
    usdPrices: async () => [],
    deployment: { factory: zeroAddress, native: TOKEN },
  }
  const { vaults: found } = await readMarkets(chain as unknown as Parameters<typeof readMarkets>[0])
  const [one] = Object.values(found)
  if (!one) throw new Error('no vault was read')
  return one
}

describe('vaults with shares, as Fluid’s own contracts had them on a local chain', () => {
  test.each(nonces)('the oracle of nonce $nonce', async ({ deployer, nonce, address }) => {
    const { oracle } = await readVault({ type: 'T4', terms: nonce << 92n }, deployer)
    expect(oracle).toBe(getAddress(address))
  })

  test('a vault whose terms name no nonce has no oracle', async () => {
    const { oracle, price } = await readVault({ type: 'T2', terms: 1n << 122n }, DEX)
    expect([oracle, price]).toEqual([null, null])
  })

  test('a vault with tokens on both sides that tells its type names its oracle in the same way', async () => {
    const [{ deployer, nonce, address } = { deployer: '', nonce: 0n, address: '' }] = nonces
    const { oracle, smart, supply } = await readVault({ type: 'T1', terms: nonce << 92n }, deployer)
    expect([oracle, smart, supply]).toEqual([getAddress(address), { supply: false, borrow: false }, TOKEN])
  })

  test.each(vaults)('the words of $name', async (vault) => {
    const { price, threshold, penalty, totalBorrow, oracle } = vault
    const found = await readVault(vault, nonces[0]?.deployer ?? '')
    expect(found).toMatchObject({ price, threshold, penalty, totalBorrow, oracle: getAddress(oracle) })
    expect(found.smart).toEqual({ supply: vault.type !== 'T3', borrow: vault.type !== 'T2' })
  })

  test.each(positions)('$vault: liquidatePerfect takes of position $id as the rule says', (one) => {
    const terms = vaults.find(({ name }) => name === one.vault)
    if (!terms) throw new Error(`no vault ${one.vault}`)
    const verdicts = one.answers.map(({ oracle }) => isAbove(one.standing, liquidationTick(terms, oracle)))
    expect(verdicts).toEqual(one.answers.map(({ taken }) => taken))
    expect(verdicts).toContain(true)
    expect(verdicts).toContain(false)
    if (!one.wasLiquidated) expect(decodePosition(one.position).tick).toBe(one.standing.tick)
  })

  test('among them: each type, liquidated ones, and such as a fall and a rise liquidate', () => {
    expect(new Set(positions.map(({ vault }) => vault.slice(0, 2)))).toEqual(new Set(['t2', 't3', 't4']))
    expect(positions.filter(({ wasLiquidated }) => wasLiquidated).length).toBeGreaterThanOrEqual(3)
    expect(positions.filter(({ answers }) => answers.length === 4).length).toBeGreaterThanOrEqual(6)
  })
})

describe('what shares stand for, as Fluid’s own contracts had it', () => {
  test.each(prices)('exchange prices of $word', ({ word, now, supply, borrow }) => {
    expect(exchangePrices(word, now)).toEqual({ supply, borrow })
  })

  test('a token that the layer does not list has none', () => {
    expect(exchangePrices(5n, 10n)).toBeNull()
  })

  test.each(shares)('$side of $shares shares', ({ side, shares: amount, stock, decimals, paid }) => {
    const none = { shares: 0n, amounts: [0n, 0n] } as const
    const dex = { tokens: [TOKEN, OTHER], supply: none, borrow: none, [side]: stock } as const
    const ours = standsFor(dex, side, amount)
    for (const [i, theirs] of paid.entries()) {
      const apart = side === 'supply' ? (ours?.[i] ?? 0n) - theirs : theirs - (ours?.[i] ?? 0n)
      // two units of the DEX's own 12 decimals, to its advantage
      expect(apart).toBeGreaterThanOrEqual(0n)
      expect(apart).toBeLessThanOrEqual(2n * 10n ** BigInt(Math.max(0, (decimals[i] ?? 0) - 12)))
    }
    expect(standsFor(dex, side === 'supply' ? 'borrow' : 'supply', amount)).toBeNull()
  })

  test('in parts no more is held and no less is owed than in one', () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 30n })
    fc.assert(
      fc.property(amount, amount, amount, amount, (all, held, a, b) => {
        const stock = { shares: all, amounts: [held, 1n] } as const
        const dex = { tokens: [TOKEN, OTHER], supply: stock, borrow: stock } as const
        const sum = (side: 'supply' | 'borrow', i: number) =>
          (standsFor(dex, side, a)?.[i] ?? 0n) + (standsFor(dex, side, b)?.[i] ?? 0n)
        for (const i of [0, 1]) {
          const [most, least] = [standsFor(dex, 'supply', a + b)?.[i], standsFor(dex, 'borrow', a + b)?.[i]]
          expect((most ?? 0n) - sum('supply', i)).toBeOneOf([0n, 1n])
          expect(sum('borrow', i) - (least ?? 0n)).toBeOneOf([0n, 1n])
          // nobody owes shares for nothing
          expect(least).toBeGreaterThan(0n)
        }
      }),
    )
  })
})
