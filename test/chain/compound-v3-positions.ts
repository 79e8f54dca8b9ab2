import { type Address, encodeFunctionData, parseAbi, parseEventLogs, type RpcLog, zeroAddress } from 'viem'
import type { Anvil } from './anvil.ts'
import type { CometCollateral, CometMarket } from './compound-v3.ts'
import { createRandom } from './random.ts'
import { sendTransaction } from './transaction.ts'

/** What one account of the opener does. */
export type CometPlan = {
  /** Raw amounts by symbol. */
  readonly collateral: Readonly<Record<string, bigint>>
  /** Raw base tokens; 0 for an account that only holds collateral. */
  readonly borrowed: bigint
  /** Borrows by transferring base tokens inside Comet, which names the borrower in no log. */
  readonly silent: boolean
}

const abi = parseAbi([
  'struct Plan { address[] assets; uint256[] amounts; uint256 borrowed; address payee; }',
  'function open(Plan[] plans)',
  'event Opened(address[] accounts)',
])

/** Accounts in one transaction: more make every later call of the local chain slow. */
const BATCH = 200
const GAS = 29_000_000_000n

/** Opens them exactly as planned; the accounts come in the order of the plans. */
export const openPlans = async (
  anvil: Anvil,
  { opener, admin, collateral }: CometMarket,
  plans: readonly CometPlan[],
): Promise<readonly Address[]> => {
  const accounts: Address[] = []
  for (let start = 0; start < plans.length; start += BATCH) {
    const batch = plans.slice(start, start + BATCH).map((plan) => ({
      assets: Object.keys(plan.collateral).map((symbol) => collateral[symbol]?.asset ?? zeroAddress),
      amounts: Object.values(plan.collateral),
      borrowed: plan.borrowed,
      payee: plan.silent ? admin : zeroAddress,
    }))
    const data = encodeFunctionData({ abi, functionName: 'open', args: [batch] })
    const { blockNumber } = await sendTransaction(anvil, { from: admin, to: opener, data, gas: GAS })
    const filter = { address: opener, fromBlock: blockNumber, toBlock: blockNumber }
    const logs = await anvil.rpc<RpcLog[]>('eth_getLogs', [filter])
    for (const { args } of parseEventLogs({ abi, logs })) accounts.push(...args.accounts)
  }
  return accounts
}

export type PlanOptions = {
  readonly count: number
  readonly seed: number
  /** Smallest and largest loan, in the market's quote. */
  readonly loan: readonly [from: number, to: number]
  /** Groups of symbols; each account's collateral comes from one of them, chosen in turn. */
  readonly groups: readonly (readonly string[])[]
  /** In the market's quote. */
  readonly basePrice: number
}

/** Seeded positions: 1 to 4 assets, 35 % to 99.5 % of what they allow borrowed; one in ten silent, one in 20 idle. */
export const planPositions = (
  { base, collateral }: CometMarket,
  { count, seed, loan: [from, to], groups, basePrice }: PlanOptions,
): readonly CometPlan[] => {
  const random = createRandom(seed)
  const within = (low: number, high: number): number => low + random() * (high - low)
  const raw = (units: number, decimals: number): bigint =>
    (BigInt(Math.round(units * 1e9)) * 10n ** BigInt(decimals)) / 10n ** 9n
  return Array.from({ length: count }, (_, i) => {
    const group = groups[i % groups.length] ?? []
    const kinds = 1 + Math.floor(random() * Math.min(4, group.length))
    const chosen = [...group].sort(() => random() - 0.5).slice(0, kinds)
    const loan = from * (to / from) ** random()
    const use = random() < 0.25 ? within(0.97, 0.995) : within(0.35, 0.97)
    const shares = chosen.map(() => within(0.2, 1))
    const whole = shares.reduce((sum, share) => sum + share, 0)
    const held = chosen.map((symbol, k): readonly [string, bigint] => {
      const asset = collateral[symbol] as CometCollateral
      const value = (loan / use) * ((shares[k] ?? 0) / whole)
      return [symbol, raw(value / (asset.price * asset.borrowFactor), asset.decimals) + 1n]
    })
    const idle = i % 20 === 7
    return {
      collateral: Object.fromEntries(held),
      borrowed: idle ? 0n : raw(loan / basePrice, base.decimals),
      silent: i % 10 === 3,
    }
  })
}
