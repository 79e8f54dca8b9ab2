import { type Address, encodeFunctionData, getAddress, parseAbi, parseEventLogs, type RpcLog } from 'viem'
import {
  GHO,
  LINK,
  PRIME_USDC,
  PRIME_WETH,
  type SpokeMarket,
  type SpokeReserve,
  USDC,
  WBTC,
  WETH,
  WSTETH,
} from './aave-v4.ts'
import type { Anvil } from './anvil.ts'
import { createRandom } from './random.ts'
import { sendTransaction } from './transaction.ts'

/** A reserve's id and raw tokens. */
export type SpokeAmount = readonly [id: number, amount: bigint]

/** What one account of the opener does. */
export type SpokePlan = {
  /** Supplied and used. */
  readonly collateral: readonly SpokeAmount[]
  /** Supplied and not used. */
  readonly idle: readonly SpokeAmount[]
  readonly debt: readonly SpokeAmount[]
}

const abi = parseAbi([
  'struct Amount { uint256 reserveId; address token; uint256 amount; }',
  'struct Plan { Amount[] collateral; Amount[] idle; Amount[] debt; }',
  'function open(Plan[] plans)',
  'event Opened(address[] accounts)',
])

const BATCH = 100
const GAS = 29_000_000_000n

/** Opens them exactly as planned; the accounts come in the order of the plans. */
export const openPlans = async (
  anvil: Anvil,
  { opener, admin, reserves }: SpokeMarket,
  plans: readonly SpokePlan[],
): Promise<readonly Address[]> => {
  const amounts = (side: readonly SpokeAmount[]) =>
    side.map(([id, amount]) => ({ reserveId: BigInt(id), token: reserves[id]?.token ?? '0x', amount }))
  const accounts: Address[] = []
  for (let start = 0; start < plans.length; start += BATCH) {
    const batch = plans.slice(start, start + BATCH).map(({ collateral, idle, debt }) => ({
      collateral: amounts(collateral),
      idle: amounts(idle),
      debt: amounts(debt),
    }))
    const data = encodeFunctionData({ abi, functionName: 'open', args: [batch] })
    const { blockNumber } = await sendTransaction(anvil, { from: admin, to: opener, data, gas: GAS })
    const filter = { address: opener, fromBlock: blockNumber, toBlock: blockNumber }
    const logs = await anvil.rpc<RpcLog[]>('eth_getLogs', [filter])
    for (const { args } of parseEventLogs({ abi, logs })) accounts.push(...args.accounts)
  }
  return accounts.map((account) => getAddress(account))
}

/** Collateral and debt of a kind; each account takes one to all of either. */
type Kind = { readonly weight: number; readonly held: readonly number[]; readonly owed: readonly number[] }

const KINDS: readonly Kind[] = [
  { weight: 20, held: [WETH, WSTETH, PRIME_WETH], owed: [USDC, GHO, PRIME_USDC] },
  { weight: 12, held: [WBTC], owed: [USDC, GHO, PRIME_USDC] },
  {
    weight: 14,
    held: [WETH, WSTETH, USDC, WBTC, LINK, PRIME_WETH, PRIME_USDC],
    owed: [USDC, GHO, PRIME_USDC],
  },
  { weight: 12, held: [USDC, PRIME_USDC], owed: [WETH, WSTETH, PRIME_WETH] },
  { weight: 10, held: [USDC, PRIME_USDC], owed: [WBTC] },
  { weight: 8, held: [USDC, LINK, WBTC], owed: [WETH, GHO, PRIME_WETH] },
  { weight: 6, held: [WSTETH, WETH], owed: [WETH, PRIME_WETH] },
  { weight: 6, held: [USDC, PRIME_USDC], owed: [GHO, USDC] },
  { weight: 8, held: [LINK], owed: [USDC, GHO] },
  { weight: 4, held: [WBTC, USDC], owed: [WBTC, WETH] },
]

type Options = {
  readonly count: number
  readonly seed: number
  /** By reserve id, in place of the first collateral factor. */
  readonly factors?: Readonly<Record<number, number>>
}

/** Seeded positions of every kind, 35 % to 99.5 % of what they may owe, 150 USD to 2 million; one in 20 only supplies. */
export const planPositions = (
  reserves: readonly SpokeReserve[],
  { count, seed, factors = {} }: Options,
): readonly SpokePlan[] => {
  const random = createRandom(seed)
  const within = (low: number, high: number): number => low + random() * (high - low)
  const some = (ids: readonly number[]) => {
    const chosen = [...ids].sort(() => random() - 0.5).slice(0, 1 + Math.floor(random() * ids.length))
    const parts = chosen.map((id) => [id, within(0.2, 1)] as const)
    const whole = parts.reduce((sum, [, part]) => sum + part, 0)
    return parts.map(([id, part]) => [id, part / whole] as const)
  }
  const raw = (id: number, usd: number): SpokeAmount => {
    const { usd: price, decimals } = reserves[id] as SpokeReserve
    return [id, (BigInt(Math.round((usd / price) * 1e9)) * 10n ** BigInt(decimals)) / 10n ** 9n + 1n]
  }
  const urn = KINDS.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
  return Array.from({ length: count }, (_, i) => {
    const { held, owed } = urn[Math.floor(random() * urn.length)] as Kind
    const value = 150 * (2_000_000 / 150) ** random()
    const use = random() < 0.3 ? within(0.97, 0.995) : within(0.35, 0.97)
    const collateral = some(held)
    const allowed = collateral.reduce(
      (sum, [id, part]) => sum + value * part * (factors[id] ?? reserves[id]?.factor ?? 0),
      0,
    )
    return {
      collateral: collateral.map(([id, part]) => raw(id, value * part)),
      idle: i % 7 === 3 ? [raw(i % 2 === 0 ? WETH : WBTC, value / 2)] : [],
      debt: i % 20 === 7 ? [] : some(owed).map(([id, part]) => raw(id, allowed * use * part)),
    }
  })
}
