import type { Address, Hex } from 'viem'
import type { LiquidationRule } from '../core/cascade/rules.ts'
import type { Position } from '../core/position.ts'
import type { Reader } from '../sources/batch.ts'
import type { Log, LogFilter } from '../sources/logs.ts'
import type { Program } from '../sources/programs.ts'
import type { PinnedBlock } from '../sources/rpc.ts'

/** What an adapter may ask of the chain: everything at the pinned block; limits, batches and retries are the engine's. */
export type Context<D> = Reader & {
  readonly deployment: D
  readonly block: PinnedBlock
  /** Runs a program of ours inside one eth_call; null where the endpoint can run none. */
  readonly run: (program: Program, data: Hex) => Promise<Hex | null>
  readonly logs: (filter: LogFilter, from: bigint, to: bigint) => AsyncIterable<Log>
}

/** The oracle's price of an asset, by the adapter's own key for it. */
export type PriceOf = (asset: string) => bigint

/** One asset as the market's oracle prices it, and the call that would ask for it again under an override. */
export type PricedAsset = {
  readonly asset: string
  readonly symbol: string
  /** null where the oracle refuses to answer. */
  readonly price: bigint | null
  readonly decimals: number
  readonly ask: { readonly to: Address; readonly data: Hex }
  /** Contracts whose answer this price may stand on: its feed, and the feed below that where one is known. */
  readonly feeds: readonly Address[]
}

/** A sum of debt as the protocol itself reports it, in the units of the accounts. */
export type ProtocolTotal = {
  readonly asset: string
  readonly symbol: string
  readonly total: bigint
  /** Value of the total at the pinned block, USD, WAD; null where the oracle refuses to price it. */
  readonly usd: bigint | null
}

/** The protocol's own word on one account under an override: the call, and how to read its answer. */
export type Verdict = {
  readonly to: Address
  readonly data: Hex
  readonly isLiquidatable: (answer: Hex) => boolean
}

/**
 * A lending protocol: what to read and what it means. D is a deployment, M the state shared by many accounts at the
 * pinned block, A the stored state of one account in the protocol's own scaled units. M and A hold only plain data
 * (strings, booleans, numbers, bigints), because the store keeps them. No loops over batches, no retries, no clock.
 */
export type Adapter<D, M, A> = {
  /** File name, CLI word and column value. */
  readonly name: string
  /** By "chain/deployment". */
  readonly deployments: Readonly<Record<string, unknown>>
  /** What the tests ask: the protocol's real contracts, or a stand-in of ours. */
  readonly checkedAgainst: 'contract' | 'stand-in'
  /** @throws ZodError for a deployment in the configuration that is none. */
  parseDeployment(input: unknown): D & { readonly fromBlock: bigint }
  /** Prices, indices, thresholds, totals at the pinned block. */
  markets(context: Context<D>): Promise<M>
  /**
   * Keys of accounts whose state may have changed in [from, to]; repeats are fine. With `known` null, from the
   * deployment block: every account that ever borrowed. Otherwise also the changes of the known ones.
   */
  touched(
    context: Context<D>,
    markets: M,
    range: { readonly from: bigint; readonly to: bigint; readonly known: ((key: string) => boolean) | null },
  ): AsyncIterable<string>
  /** Stored state of these accounts at the pinned block, in the order of the keys. */
  read(context: Context<D>, markets: M, keys: readonly string[]): Promise<readonly A[]>
  /** The account has debt at all. Pure. */
  hasDebt(account: A): boolean
  /** State + market → legs at the pinned block. Pure. */
  position(markets: M, key: string, account: A): Position
  /** The protocol's own integer rule, as a function of the price of every asset. Pure. */
  isLiquidatable(markets: M, account: A): (priceOf: PriceOf) => boolean
  /**
   * null where that rule is monotone in the driver, but for single units. Otherwise a number that jumps wherever it
   * is not (an average threshold cut to whole basis points): within each of its values the rule is monotone. Pure.
   */
  phase(markets: M, account: A): ((priceOf: PriceOf) => bigint) | null
  /** How much one liquidation takes, where the market's state decides it and not the protocol alone. Pure. */
  liquidationRule?(markets: M): LiquidationRule
  prices(markets: M): readonly PricedAsset[]
  /** Sum of all debt the protocol itself reports. Pure. */
  totals(markets: M): readonly ProtocolTotal[]
  /** The same units of one account, by asset. Pure. */
  debts(markets: M, account: A): Readonly<Record<string, bigint>>
  verdict(markets: M, key: string): Verdict
  /** Facts a reader of the coverage should know (an unknown newer revision, …) and gaps that make it partial. */
  remarks(markets: M): { readonly notes: readonly string[]; readonly gaps: readonly string[] }
}

/** Any adapter, where the engine need not know its types: it only hands back to the adapter what came from it. */
export type AnyAdapter = Adapter<unknown, unknown, unknown>
