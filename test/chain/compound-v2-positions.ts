import { type Address, encodeFunctionData, getAddress, parseEventLogs, type RpcLog } from 'viem'
import type { Anvil } from './anvil.ts'
import { artifactIn, once } from './compile.ts'
import {
  COMPOUND_PARAMETERS,
  type CompoundMarket,
  type CompoundSymbol,
  ETH_POOL,
  STRICT_POOL,
} from './compound-v2.ts'
import { createRandom } from './random.ts'
import { sendTransaction } from './transaction.ts'

export type CompoundAmount = readonly [symbol: CompoundSymbol, amount: bigint]

/** What one account does when it opens; everything that it supplies is entered unless told. */
export type CompoundPlan = {
  readonly supplied: readonly CompoundAmount[]
  readonly entered?: readonly CompoundSymbol[]
  readonly borrowed: readonly CompoundAmount[]
  /** Venus 10.3.0 alone. */
  readonly pool?: number
  readonly vai?: bigint
}

type Dice = {
  readonly between: (from: number, to: number) => number
  readonly pick: <T>(items: readonly T[]) => T
}

type Usd = readonly [symbol: CompoundSymbol, usd: number]

/** In USD: the debt, shared out, is a share of what the collateral allows. */
type Sketch = {
  readonly collateral: readonly Usd[]
  readonly debt: readonly (readonly [symbol: CompoundSymbol | 'VAI', share: number])[]
  readonly idle?: readonly Usd[]
  readonly pool?: number
  /** Of what the collateral allows; between 35 and 98 % unless told. */
  readonly used?: readonly [from: number, to: number]
}

const STABLES = ['USDC', 'DAI'] as const
const VOLATILE = ['WETH', 'wstETH', 'WBTC'] as const
const ALL = [...VOLATILE, ...STABLES] as const

const without = (...taken: readonly CompoundSymbol[]) => ALL.filter((symbol) => !taken.includes(symbol))

const single =
  (held: CompoundSymbol, owed: readonly (CompoundSymbol | 'VAI')[]) =>
  ({ pick }: Dice, usd: number): Sketch => ({ collateral: [[held, usd]], debt: [[pick(owed), 1]] })

type Kinds = Readonly<Record<string, readonly [weight: number, (dice: Dice, usd: number) => Sketch]>>

const KINDS: Kinds = {
  'single-eth': [20, single('WETH', STABLES)],
  'single-wsteth': [8, single('wstETH', STABLES)],
  'single-btc': [12, single('WBTC', STABLES)],
  'short-eth': [8, (dice, usd) => single(dice.pick(STABLES), ['WETH', 'wstETH'])(dice, usd)],
  'short-btc': [5, (dice, usd) => single(dice.pick(STABLES), ['WBTC'])(dice, usd)],
  'same-asset': [3, single('WETH', ['WETH'])],
  stable: [4, single('USDC', ['DAI'])],
  loop: [6, single('wstETH', ['WETH'])],
  // the ratio of wstETH will fall below what it owes
  leveraged: [4, (dice, usd) => ({ ...single('wstETH', STABLES)(dice, usd), used: [0.99, 0.9999] })],
  dust: [3, (dice, usd) => single('WETH', ['USDC'])(dice, usd / 1e6)],
  'mixed-collateral': [
    12,
    ({ pick, between }, usd) => {
      const first = pick(VOLATILE)
      const second = pick(without(first))
      const share = between(0.2, 0.8)
      return {
        collateral: [
          [first, usd * share],
          [second, usd * (1 - share)],
        ],
        debt: [[pick(without(first, second)), 1]],
      }
    },
  ],
  'mixed-debt': [
    12,
    ({ pick, between }, usd) => {
      const held = pick(ALL)
      const first = pick(without(held))
      const share = between(0.2, 0.8)
      return {
        collateral: [[held, usd]],
        debt: [
          [first, share],
          [pick(without(held, first)), 1 - share],
        ],
      }
    },
  ],
  'not-entered': [4, (dice, usd) => ({ ...single('WETH', STABLES)(dice, usd), idle: [['WBTC', usd / 2]] })],
}

const VENUS_KINDS: Kinds = {
  ...KINDS,
  'eth-pool': [10, (dice, usd) => ({ ...single('wstETH', ['WETH', 'USDC'])(dice, usd), pool: ETH_POOL.id })],
  // WBTC has no terms of its own in the pool: it falls back to those of the core pool
  'eth-pool-fallback': [
    4,
    (dice, usd) => ({ ...single('WBTC', ['WETH', 'USDC'])(dice, usd), pool: ETH_POOL.id }),
  ],
  'strict-pool': [4, (dice, usd) => ({ ...single('WBTC', ['USDC'])(dice, usd), pool: STRICT_POOL.id })],
  'vai-only': [8, (dice, usd) => single(dice.pick(VOLATILE), ['VAI'])(dice, usd)],
  'vai-and-debt': [
    6,
    ({ pick, between }, usd) => {
      const share = between(0.2, 0.8)
      return {
        collateral: [[pick(VOLATILE), usd]],
        debt: [
          ['USDC', share],
          ['VAI', 1 - share],
        ],
      }
    },
  ],
}

const factorOf = (symbol: CompoundSymbol, pool: number | undefined): number => {
  const { factor } = COMPOUND_PARAMETERS[symbol]
  const inEthPool = pool === ETH_POOL.id && symbol !== 'WBTC' && symbol !== 'DAI'
  const own = inEthPool ? ETH_POOL.factor : pool === STRICT_POOL.id ? STRICT_POOL.factor : factor
  return Number(own) / 1e18
}

const inUnits = (symbol: CompoundSymbol, usd: number): bigint => {
  const { decimals, usd: price } = COMPOUND_PARAMETERS[symbol]
  // no more digits than a double has, then the token's own
  return (
    BigInt(Math.max(1, Math.floor((usd / price) * 10 ** Math.min(decimals, 9)))) *
    10n ** BigInt(decimals - Math.min(decimals, 9))
  )
}

const planOf = (sketch: Sketch, { between }: Dice): CompoundPlan => {
  const { collateral, debt, idle = [], pool, used = [0.35, 0.98] } = sketch
  const limit = collateral.reduce((sum, [symbol, usd]) => sum + usd * factorOf(symbol, pool), 0)
  const owed = limit * between(...used)
  const vai = debt.find(([symbol]) => symbol === 'VAI')
  return {
    supplied: [...collateral, ...idle].map(([symbol, usd]) => [symbol, inUnits(symbol, usd)]),
    entered: collateral.map(([symbol]) => symbol),
    borrowed: debt.flatMap(([symbol, share]) =>
      symbol === 'VAI' ? [] : [[symbol, inUnits(symbol, owed * share)] as const],
    ),
    ...(pool === undefined ? {} : { pool }),
    ...(vai ? { vai: inUnits('DAI', owed * vai[1]) } : {}),
  }
}

/** Seeded plans of every kind that the version has, 100 to 1,000,000 USD of collateral each. */
export const planCompound = (
  version: CompoundMarket['version'],
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly CompoundPlan[] => {
  const random = createRandom(seed)
  const dice: Dice = {
    between: (from, to) => from + (to - from) * random(),
    pick: (items) => items[Math.floor(random() * items.length)] as never,
  }
  const kinds = Object.values(version === '10.3.0' ? VENUS_KINDS : KINDS)
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0)
  return Array.from({ length: count }, () => {
    let ticket = random() * total
    const [, sketch] = kinds.find(([weight]) => {
      ticket -= weight
      return ticket < 0
    }) ?? [0, single('WETH', STABLES)]
    return planOf(sketch(dice, 10 ** dice.between(2, 6)), dice)
  })
}

const compileActors = once(['liqbands/CompoundActors.sol'])

/** Positions in one transaction: some 1.2M gas each. */
const BATCH = 150
const GAS = 29_000_000_000n

/** Opens positions exactly as planned; the accounts come in the order of the plans. */
export const openCompound = async (
  anvil: Anvil,
  { opener, admin, markets }: CompoundMarket,
  plans: readonly CompoundPlan[],
): Promise<readonly Address[]> => {
  const { abi } = artifactIn(await compileActors())('CompoundOpener')
  const accounts: Address[] = []
  for (let start = 0; start < plans.length; start += BATCH) {
    const words = plans.slice(start, start + BATCH).map((plan) => ({
      supplied: plan.supplied.map(([symbol]) => markets[symbol].cToken),
      supplyAmounts: plan.supplied.map(([, amount]) => amount),
      entered: (plan.entered ?? plan.supplied.map(([symbol]) => symbol)).map(
        (symbol) => markets[symbol].cToken,
      ),
      pool: BigInt(plan.pool ?? 0),
      borrowed: plan.borrowed.map(([symbol]) => markets[symbol].cToken),
      borrowAmounts: plan.borrowed.map(([, amount]) => amount),
      vai: plan.vai ?? 0n,
    }))
    const data = encodeFunctionData({ abi, functionName: 'open', args: [words] })
    const { blockNumber } = await sendTransaction(anvil, { from: admin, to: opener, data, gas: GAS })
    const filter = { address: opener, fromBlock: blockNumber, toBlock: blockNumber }
    const logs = await anvil.rpc<RpcLog[]>('eth_getLogs', [filter])
    for (const log of parseEventLogs({ abi, logs }))
      accounts.push(
        ...(log.args as unknown as { accounts: readonly Address[] }).accounts.map((a) => getAddress(a)),
      )
  }
  return accounts
}
