import { type AbiEvent, type Address, getAddress, type Hex, slice, toEventSelector } from 'viem'
import { compoundEventsAbi, venusEventsAbi } from '../../abis/compound-v2.ts'
import type { Log } from '../sources/logs.ts'
import type { Context } from './adapter.ts'
import type { CompoundDeployment, CompoundMarkets } from './compound-v2-markets.ts'

/** Where a log names accounts: topics, and 32-byte words of its data. */
type Places = { readonly topics: readonly number[]; readonly words: readonly number[] }

const abiOf = (events: readonly AbiEvent[], name: string): AbiEvent => {
  const event = events.find((item) => item.name === name)
  if (!event) throw new Error(`no event ${name} in the ABI`)
  return event
}

/** The places of the named fields of an event. */
const placesOf = (event: AbiEvent, fields: readonly string[]): Places => {
  const at = (indexed: boolean) =>
    event.inputs
      .filter((input) => (input.indexed ?? false) === indexed)
      .flatMap(({ name }, i) => (name !== undefined && fields.includes(name) ? [i] : []))
  return { topics: at(true).map((i) => i + 1), words: at(false) }
}

/** By topic and number of topics, because Venus has indexed the fields of two events since. */
const table = (
  rows: readonly (readonly [events: readonly AbiEvent[], name: string, fields: readonly string[]])[],
): ReadonlyMap<string, Places> =>
  new Map(
    rows.map(([events, name, fields]) => {
      const event = abiOf(events, name)
      const indexed = event.inputs.filter((input) => input.indexed).length
      return [`${toEventSelector(event)}:${indexed + 1}`, placesOf(event, fields)]
    }),
  )

/** Events by which an account first owes something. */
const BIRTHS = table([
  [compoundEventsAbi, 'Borrow', ['borrower']],
  [venusEventsAbi, 'MintVAI', ['minter']],
])

/** Events that change what is stored of a borrower; mint, redeem and seize of cTokens are transfers. */
const CHANGES = table([
  [compoundEventsAbi, 'Borrow', ['borrower']],
  [compoundEventsAbi, 'RepayBorrow', ['borrower']],
  [compoundEventsAbi, 'Transfer', ['from', 'to']],
  [compoundEventsAbi, 'MarketEntered', ['account']],
  [compoundEventsAbi, 'MarketExited', ['account']],
  [venusEventsAbi, 'MarketEntered', ['account']],
  [venusEventsAbi, 'MarketExited', ['account']],
  [venusEventsAbi, 'PoolSelected', ['account']],
  [venusEventsAbi, 'IsForcedLiquidationEnabledForUserUpdated', ['borrower']],
  [venusEventsAbi, 'MintVAI', ['minter']],
  [venusEventsAbi, 'RepayVAI', ['borrower']],
])

const topicsOf = (events: ReadonlyMap<string, Places>): readonly Hex[] => [
  ...new Set([...events.keys()].map((key) => key.split(':')[0] as Hex)),
]

const accountsIn = (log: Log, events: ReadonlyMap<string, Places>): readonly Address[] => {
  const places = events.get(`${log.topics[0]}:${log.topics.length}`)
  if (!places) return []
  const words = [
    ...places.topics.map((i) => log.topics[i]),
    ...places.words.map((i) => slice(log.data, i * 32, (i + 1) * 32)),
  ]
  return words.flatMap((word) => (word ? [getAddress(slice(word, 12))] : []))
}

/** Accounts that borrow or mint VAI in the range; with `known`, also the changes of the known ones. */
export async function* touchedAccounts(
  { logs }: Context<CompoundDeployment>,
  { comptroller, markets, vai }: CompoundMarkets,
  {
    from,
    to,
    known,
  }: { readonly from: bigint; readonly to: bigint; readonly known: ((key: string) => boolean) | null },
): AsyncIterable<string> {
  const cTokens = Object.values(markets).map(({ cToken }) => cToken)
  const controllers = vai === null ? [] : [vai.controller]
  const filter =
    known === null
      ? { address: [...cTokens, ...controllers], topics: [topicsOf(BIRTHS)] }
      : { address: [comptroller, ...cTokens, ...controllers], topics: [topicsOf(CHANGES)] }
  for await (const log of logs(filter, from, to)) {
    yield* accountsIn(log, BIRTHS)
    if (known !== null) yield* accountsIn(log, CHANGES).filter((account) => known(account))
  }
}
