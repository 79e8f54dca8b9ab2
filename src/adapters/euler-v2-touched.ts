import { type AbiEvent, type Address, getAddress, type Hex, toEventSelector } from 'viem'
import { eulerEvcEventsAbi, eulerVaultEventsAbi } from '../../abis/euler-v2.ts'
import type { Context } from './adapter.ts'
import { keyOf } from './euler-v2-accounts.ts'
import type { EulerV2Deployment, EulerV2Markets } from './euler-v2-markets.ts'

type Chain = Context<EulerV2Deployment>

const topicOf = (events: readonly AbiEvent[], name: string): Hex => {
  const event = events.find((item) => item.name === name)
  if (!event) throw new Error(`no event ${name} in the ABI`)
  return toEventSelector(event)
}

/** An account puts itself into the hands of a vault: without that nobody can owe anything there. */
const CONTROLLER = topicOf(eulerEvcEventsAbi, 'ControllerStatus')
const COLLATERAL = topicOf(eulerEvcEventsAbi, 'CollateralStatus')
const CHECK = topicOf(eulerEvcEventsAbi, 'AccountStatusCheck')
const TRANSFER = topicOf(eulerVaultEventsAbi, 'Transfer')

/** By event of a vault, which topics name accounts whose debt there it changes. */
const DEBTORS: Readonly<Record<Hex, readonly number[]>> = {
  [topicOf(eulerVaultEventsAbi, 'Borrow')]: [1],
  [topicOf(eulerVaultEventsAbi, 'Repay')]: [1],
  [topicOf(eulerVaultEventsAbi, 'PullDebt')]: [1, 2],
  [topicOf(eulerVaultEventsAbi, 'Liquidate')]: [1, 2],
  [topicOf(eulerVaultEventsAbi, 'DebtSocialized')]: [1],
}

const EVENTS: readonly Hex[] = [CONTROLLER, COLLATERAL, CHECK, TRANSFER, ...(Object.keys(DEBTORS) as Hex[])]

/** Addresses in one filter: more is refused in many places. */
const MOST_ADDRESSES = 500

const accountIn = (topic: Hex | undefined): Address | null =>
  topic === undefined ? null : getAddress(`0x${topic.slice(26)}`)

type Range = {
  readonly from: bigint
  readonly to: bigint
  readonly known: ((key: string) => boolean) | null
}

/** Accounts that a vault may have lent to since; with `known`, also whatever else changes what those owe or hold. */
export async function* touchedAccounts(
  chain: Chain,
  markets: EulerV2Markets,
  { from, to, known }: Range,
): AsyncIterable<string> {
  if (known === null) return yield* controlledAccounts(chain, { from, to })
  const before = (chain.earlier?.markets ?? null) as EulerV2Markets | null
  const listedBy = collateralsOf(before ? [before, markets] : [markets])
  const addresses = [
    ...new Set([...Object.keys(before?.vaults ?? {}), ...Object.keys(markets.vaults), ...listedBy.keys()]),
  ]
  for (let i = 0; i === 0 || i < addresses.length; i += MOST_ADDRESSES) {
    const part = addresses.slice(i, i + MOST_ADDRESSES) as Address[]
    const address = i === 0 ? [chain.deployment.evc, ...part] : part
    for await (const { address: emitter, topics } of chain.logs({ address, topics: [EVENTS] }, from, to)) {
      const [event = '0x', first, second] = topics
      const holder = accountIn(first)
      const other = accountIn(second)
      if (holder === null) continue
      if (event === CONTROLLER && other) yield keyOf(other, holder)
      else if (event === CHECK && other) yield* [keyOf(other, holder)].filter(known)
      else if (event === COLLATERAL && other)
        yield* (listedBy.get(other) ?? []).map((vault) => keyOf(vault, holder)).filter(known)
      else if (event === TRANSFER)
        yield* (listedBy.get(getAddress(emitter)) ?? [])
          .flatMap((vault) => [keyOf(vault, holder), ...(other ? [keyOf(vault, other)] : [])])
          .filter(known)
      else
        yield* (DEBTORS[event] ?? [])
          .flatMap((place) => accountIn(topics[place]) ?? [])
          .map((account) => keyOf(getAddress(emitter), account))
          .filter(known)
    }
  }
  const relisted = before ? newlyListing(before, markets) : new Set<Address>()
  if (relisted.size > 0)
    for await (const key of controlledAccounts(chain, { from: chain.deployment.fromBlock, to }))
      if (relisted.has(key.slice(0, key.indexOf(':')) as Address)) yield key
}

/** Every account that enabled a controller in the range, whoever that is. */
async function* controlledAccounts(
  { deployment, logs }: Chain,
  { from, to }: Pick<Range, 'from' | 'to'>,
): AsyncIterable<string> {
  for await (const { topics } of logs({ address: [deployment.evc], topics: [[CONTROLLER]] }, from, to)) {
    const [account, controller] = [accountIn(topics[1]), accountIn(topics[2])]
    if (account && controller) yield keyOf(controller, account)
  }
}

/** By collateral, the vaults that list it. */
const collateralsOf = (all: readonly EulerV2Markets[]): ReadonlyMap<Address, readonly Address[]> => {
  const listedBy = new Map<Address, Address[]>()
  for (const { vaults } of all)
    for (const [vault, { collaterals }] of Object.entries(vaults) as [
      Address,
      EulerV2Markets['vaults'][Address],
    ][])
      for (const collateral of Object.keys(collaterals) as Address[]) {
        const others = listedBy.get(collateral) ?? []
        if (!others.includes(vault)) listedBy.set(collateral, [...others, vault])
      }
  return listedBy
}

/** Vaults that list a collateral which they did not before: their accounts may have held and enabled it all along. */
const newlyListing = (before: EulerV2Markets, now: EulerV2Markets): ReadonlySet<Address> =>
  new Set(
    (Object.keys(now.vaults) as Address[]).filter((vault) => {
      const known = before.vaults[vault]?.collaterals
      return known && Object.keys(now.vaults[vault]?.collaterals ?? {}).some((c) => !(c in known))
    }),
  )
