import { type Address, encodeFunctionData, type Hex, parseAbi, parseEventLogs, type RpcLog } from 'viem'
import type { Anvil } from './anvil.ts'
import { type AaveMarket, RESERVE_SYMBOLS, type ReserveSymbol } from './market.ts'
import { type KindPlan, type PlanOptions, type Prices, planPositions } from './plan-positions.ts'
import { type PositionPlan, toWord } from './position-word.ts'
import { sendTransaction } from './transaction.ts'

const factoryAbi = parseAbi(['function open(uint256[] words)', 'event Opened(address[] accounts)'])
const feedAbi = parseAbi(['function latestAnswer() view returns (int256)'])

/**
 * Positions per transaction. Each block copies the whole state and keeps the traces of its transactions, so that
 * many small transactions slow down as the accounts grow; 1,000 positions take 300M gas.
 */
const BATCH = 1000
const GAS = 29_000_000_000n

const readPrices = async (anvil: Anvil, { reserves }: AaveMarket): Promise<Prices> => {
  const data = encodeFunctionData({ abi: feedAbi })
  const prices: Partial<Record<ReserveSymbol, number>> = {}
  for (const symbol of RESERVE_SYMBOLS) {
    const answer = await anvil.rpc<Hex>('eth_call', [{ to: reserves[symbol].feed, data }, 'latest'])
    prices[symbol] = Number(BigInt(answer)) / 1e8
  }
  return prices as Record<ReserveSymbol, number>
}

/** Opens positions exactly as planned, through the factory; the borrowers come in the order of the plans. */
export const openPlans = async (
  anvil: Anvil,
  { factory, admin }: AaveMarket,
  plans: readonly PositionPlan[],
): Promise<readonly Address[]> => {
  const borrowers: Address[] = []
  for (let start = 0; start < plans.length; start += BATCH) {
    const words = plans.slice(start, start + BATCH).map(toWord)
    const data = encodeFunctionData({ abi: factoryAbi, functionName: 'open', args: [words] })
    const { blockNumber } = await sendTransaction(anvil, { from: admin, to: factory, data, gas: GAS })
    const filter = { address: factory, fromBlock: blockNumber, toBlock: blockNumber }
    const logs = await anvil.rpc<RpcLog[]>('eth_getLogs', [filter])
    for (const { args } of parseEventLogs({ abi: factoryAbi, logs })) borrowers.push(...args.accounts)
  }
  return borrowers
}

/**
 * Opens seeded pseudo-random positions of every kind (2,000 in about two seconds), sized at the current prices of
 * the feeds. The accounts have no code and no key: `actions.ts` acts for them by impersonation.
 * `plans[i]` is what `borrowers[i]` did.
 */
export const openPositions = async (
  anvil: Anvil,
  market: AaveMarket,
  options: PlanOptions,
): Promise<{ readonly borrowers: readonly Address[]; readonly plans: readonly KindPlan[] }> => {
  const plans = planPositions(options, await readPrices(anvil, market))
  return { borrowers: await openPlans(anvil, market, plans), plans }
}
