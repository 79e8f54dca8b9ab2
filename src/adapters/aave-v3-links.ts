import { decodeEventLog, getAddress, type Hex, toEventSelector, zeroAddress } from 'viem'
import { aaveV2EventsAbi } from '../../abis/aave-v2.ts'
import { aaveV3EventsAbi } from '../../abis/aave-v3.ts'
import type { LinkKind, Observation } from '../core/entities/evidence.ts'
import type { Log } from '../sources/logs.ts'
import type { AaveV3Markets } from './aave-v3-markets.ts'
import type { Adapter } from './adapter.ts'

const NAMES = ['Borrow', 'Supply', 'Deposit', 'Repay', 'BalanceTransfer', 'LiquidationCall'] as const

/** V2 has the same arguments under other signatures, and calls a supply a deposit. */
const EVENTS = [...aaveV3EventsAbi, ...aaveV2EventsAbi] as const

const TOPICS: readonly Hex[] = [
  ...new Set(
    EVENTS.filter(({ name }) => NAMES.some((wanted) => wanted === name)).map((event) =>
      toEventSelector(event),
    ),
  ),
]

type Act = { readonly kind: LinkKind; readonly from: string; readonly to: string }

/** Who acted for whom; null where somebody acted for himself. `user` of the Pool's events is whoever called it. */
const actOf = (log: Log): Act | { readonly liquidated: string } | null => {
  const { eventName, args } = decodeEventLog({
    abi: EVENTS,
    topics: log.topics as [Hex, ...Hex[]],
    data: log.data,
  })
  switch (eventName) {
    case 'Borrow':
      return { kind: 'delegation', from: args.user, to: args.onBehalfOf }
    case 'Supply':
    case 'Deposit':
      return { kind: 'pays-in', from: args.user, to: args.onBehalfOf }
    case 'Repay':
      return { kind: 'repays', from: args.repayer, to: args.user }
    case 'BalanceTransfer':
      return { kind: 'transfer', from: args.from, to: args.to }
    case 'LiquidationCall':
      return { liquidated: args.user }
    default:
      return null
  }
}

/** What one transaction shows. aTokens that a liquidation moves were not sent by their owner. */
const observationsOf = (logs: readonly Log[]): readonly Observation[] => {
  const acts = logs.map((log) => ({ log, act: actOf(log) }))
  const liquidated = new Set(acts.flatMap(({ act }) => (act && 'liquidated' in act ? [act.liquidated] : [])))
  return acts.flatMap(({ log, act }): readonly Observation[] => {
    if (!act || 'liquidated' in act || act.from === act.to) return []
    if (act.from === zeroAddress || act.to === zeroAddress) return []
    if (act.kind === 'transfer' && liquidated.has(act.from)) return []
    return [
      {
        kind: act.kind,
        from: getAddress(act.from),
        to: getAddress(act.to),
        block: Number(log.blockNumber),
        tx: log.transactionHash,
        time: log.timestamp,
      },
    ]
  })
}

/**
 * Borrowing on another's credit, supplying and repaying for another, and moving aTokens (events Borrow, Supply, Repay
 * of the Pool and BalanceTransfer of the aTokens), transaction by transaction.
 */
export const aaveV3Links: NonNullable<Adapter<unknown, AaveV3Markets, unknown>['links']> = async function* (
  { logs },
  markets,
  { from, to },
) {
  const filter = {
    address: [markets.pool, ...Object.values(markets.reserves).map(({ aToken }) => aToken)],
    topics: [TOPICS],
  }
  let together: Log[] = []
  for await (const log of logs(filter, from, to)) {
    if (together.length > 0 && together[0]?.transactionHash !== log.transactionHash) {
      yield* observationsOf(together)
      together = []
    }
    together.push(log)
  }
  yield* observationsOf(together)
}
