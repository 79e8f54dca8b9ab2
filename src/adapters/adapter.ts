import type { Address, Hex } from 'viem'
import type { LiquidationRule } from '../core/cascade/rules.ts'
import type { Observation } from '../core/entities/evidence.ts'
import type { Position } from '../core/position.ts'
import type { Reader } from '../sources/batch.ts'
import type { Log, LogFilter } from '../sources/logs.ts'
import type { Program } from '../sources/programs.ts'
import type { PinnedBlock } from '../sources/rpc.ts'
import type { StorageSlots } from '../sources/storage.ts'

/** What an adapter may ask of the chain: everything at the pinned block; limits, batches and retries are the engine's. */
export type Context<D> = Reader & {
  readonly deployment: D
  readonly block: PinnedBlock
  /** Runs a program of ours inside one eth_call; null where the endpoint can run none. */
  readonly run: (program: Program, data: Hex) => Promise<Hex | null>
  /** Storage words that no getter tells, contract by contract; null where the endpoint refuses state overrides. */
  readonly storage: (asked: readonly StorageSlots[]) => Promise<readonly (readonly Hex[])[] | null>
  readonly logs: (filter: LogFilter, from: bigint, to: bigint) => AsyncIterable<Log>
  /** USD prices of tokens, in their order, for protocols that know none: by the chain's reference oracle, feeds or hand. */
  readonly usdPrices: (tokens: readonly Address[]) => Promise<readonly UsdPrice[]>
  /** What the last scan stored of the markets, and its block, for lists that only logs tell; null to start over. */
  readonly earlier: { readonly markets: unknown; readonly block: bigint } | null
}

/** The oracle's price of an asset, by the adapter's own key for it. */
export type PriceOf = (asset: string) => bigint

export type Call = { readonly to: Address; readonly data: Hex }

/** One asset as the market's oracle prices it, and the call that would ask for it again under an override. */
export type PricedAsset = {
  /** The key under which legs name it (`pricedAs`): the asset's address, a market's id, … */
  readonly asset: string
  readonly symbol: string
  /** null where the oracle refuses to answer. */
  readonly price: bigint | null
  readonly decimals: number
  /**
   * null where no contract was asked: a price by hand. What is asked can also be put there by the engine: a stub that
   * answers by the first argument, or, with `stub`, a Chainlink feed.
   */
  readonly ask: Call | null
  /** Where the price is put on a feed of its own instead of on the contract that is asked. */
  readonly stub?: { readonly feed: Address; readonly decimals: number }
  /** Contracts whose answer this price may stand on: its feed, and the feed below that where one is known. */
  readonly feeds: readonly Address[]
  /** Feeds it stands on that price one asset in another, and describe themselves as that: `USDC / ETH`. */
  readonly pairFeeds?: readonly Address[]
  /** The token that it is the price of, where `asset` is another key. */
  readonly token?: string
  /** The tokens that it is a share of, where it is no token itself. */
  readonly parts?: readonly string[]
  /** The key of the asset in which it is expressed; USD where missing. */
  readonly quote?: string
  /** It is a rate into its quote: where it stands still while the driver moves, the token moves as its quote does. */
  readonly rate?: boolean
}

/** The USD price of a token where the market's own oracle speaks of something else. */
export type UsdPrice = Pick<PricedAsset, 'price' | 'decimals' | 'ask' | 'stub' | 'feeds'>

/** A sum of debt as the protocol itself reports it, in the units of the accounts. */
export type ProtocolTotal = {
  readonly asset: string
  readonly symbol: string
  readonly total: bigint
  /** How far rounding alone may part it from the sum of the accounts; 0 where missing. */
  readonly tolerance?: bigint
  /** Value of the total at the pinned block, USD, WAD; null where the oracle refuses to price it. */
  readonly usd: bigint | null
}

/** The protocol's own word on one account: the call, and how to read its answer. */
export type Verdict = Call & {
  /** Calls made right before it inside the same eth_call: interest that anyone may book first, … */
  readonly before?: readonly Call[]
  /** null where the answer says neither. A refusal has `success` false and the revert data. */
  readonly isLiquidatable: (answer: { readonly success: boolean; readonly data: Hex }) => boolean | null
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
  /** Its oracles answer by more than one argument: a price that moves with no feed cannot be put on them to verify. */
  readonly oracleByAmount?: true
  /** Anyone can open a market with an asset of his own: that nobody prices some of them is a note, not a gap. */
  readonly permissionless?: true
  /** The protocol changes accounts without a log that names them: every known one is read again in each scan. */
  readonly silent?: true
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
  /**
   * Ids of the markets that the deployment names, with which the keys of their accounts begin (`id:…`); null where it
   * reads all. Missing where it can name none. Pure.
   */
  only?(markets: M): readonly string[] | null
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
  /**
   * What the protocol's logs in [from, to] show of owners that act for one another, in the order of the blocks;
   * repeats are fine. Missing where the logs show nothing.
   */
  links?(
    context: Pick<Context<D>, 'deployment' | 'block' | 'logs'>,
    markets: M,
    range: { readonly from: bigint; readonly to: bigint },
  ): AsyncIterable<Observation>
  prices(markets: M): readonly PricedAsset[]
  /** Sum of all debt the protocol itself reports. Pure. */
  totals(markets: M): readonly ProtocolTotal[]
  /** The same units of one account, by asset. Pure. */
  debts(markets: M, account: A): Readonly<Record<string, bigint>>
  /** `priceOf` is for protocols that take the price as an argument; the others are asked while their oracle answers so. `account` is the stored state. */
  verdict(markets: M, key: string, priceOf: PriceOf, account?: A): Verdict
  /** Facts a reader of the coverage should know (an unknown newer revision, …) and gaps that make it partial. */
  remarks(markets: M): { readonly notes: readonly string[]; readonly gaps: readonly string[] }
}

/** Any adapter, where the engine need not know its types: it only hands back to the adapter what came from it. */
export type AnyAdapter = Adapter<unknown, unknown, unknown>
