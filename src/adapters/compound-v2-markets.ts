import { type Address, encodeFunctionData, getAddress, hexToString, zeroAddress } from 'viem'
import { bytes32SymbolAbi } from '../../abis/aave-v3.ts'
import {
  compoundComptrollerAbi,
  compoundOnlyAbi,
  compoundOracleAbi,
  cTokenAbi,
  moonwellFeedAbi,
  venusComptrollerAbi,
} from '../../abis/compound-v2.ts'
import { WAD } from '../core/units.ts'
import type { Call, Context } from './adapter.ts'
import {
  accrueMarkets,
  type Indices,
  markerOf,
  type StoredIndices,
  type Variant,
} from './compound-v2-accrual.ts'
import { readVai, readVenusPools, type Terms, type VaiMarket, type VenusPool } from './compound-v2-venus.ts'

export type CompoundDeployment = {
  readonly comptroller: Address
  readonly variant: Variant
  /** The wrapped token that stands for the underlying of a market of the chain's own coin. */
  readonly native: Address | null
  readonly fromBlock: bigint
}

/** One cToken at the pinned block. Mantissas, so WAD, unless told otherwise. */
export type Market = Terms &
  Indices & {
    readonly cToken: Address
    /** The underlying; the cToken itself where that is a coin without a known wrapped token. */
    readonly asset: Address
    readonly symbol: string
    readonly decimals: number
    /** Index up to which accounts have interest booked in storage; `borrowIndex` is the one that anyone may book now. */
    readonly storedIndex: bigint
    /** USD per raw unit, WAD; null where the oracle answers nothing or 0, which stops every liquidation. */
    readonly price: bigint | null
    /** The feed of that price and the one below it, where the oracle names them (Moonwell). */
    readonly feeds: readonly Address[]
    /** Share of the seized collateral that the protocol keeps. */
    readonly protocolShare: bigint
    /** Its borrowers are liquidatable at any price: deprecated (Compound), or forced by the governance (Venus). */
    readonly forced: boolean
    /** Nobody may repay here for another by liquidation, or nobody may seize here. */
    readonly debtPaused: boolean
    readonly collateralPaused: boolean
  }

export type CompoundMarkets = {
  readonly comptroller: Address
  readonly oracle: Address
  readonly variant: Variant
  readonly closeFactor: bigint
  /** Why nobody can be liquidated at all; null where they can. */
  readonly paused: string | null
  /** By cToken. */
  readonly markets: Readonly<Record<Address, Market>>
  /** Venus pools by id, without the core pool; null before Venus had pools, and thresholds beside the factors. */
  readonly pools: Readonly<Record<string, VenusPool>> | null
  /** null where no VAI can be owed. */
  readonly vai: VaiMarket | null
  /** Blocks since the deployment. */
  readonly blocks: bigint
}

/** The call by which the comptroller prices a market. */
export const priceCall = (oracle: Address, cToken: Address): Call => ({
  to: oracle,
  data: encodeFunctionData({ abi: compoundOracleAbi, functionName: 'getUnderlyingPrice', args: [cToken] }),
})

type Chain = Context<CompoundDeployment>

/** Everything that accounts share: as stored, then with the interest that anyone may book at the pinned block. */
export const readMarkets = async (chain: Chain): Promise<CompoundMarkets> => {
  const { read, tryRead, deployment, block } = chain
  const { comptroller, variant } = deployment
  const common = { address: comptroller, abi: compoundComptrollerAbi } as const
  const [all, oracle, closeFactor, protocolPaused, seizePaused, incentive] = await Promise.all([
    read({ ...common, functionName: 'getAllMarkets' }),
    read({ ...common, functionName: 'oracle' }),
    read({ ...common, functionName: 'closeFactorMantissa' }),
    variant === 'venus'
      ? read({ address: comptroller, abi: venusComptrollerAbi, functionName: 'protocolPaused' })
      : false,
    // pools and thresholds of Venus have their own; a fork that has no such switch cannot be paused by it
    variant === 'venus'
      ? null
      : tryRead({ address: comptroller, abi: compoundOnlyAbi, functionName: 'seizeGuardianPaused' }),
    // of every market alike; Venus has one a market since it has pools
    (variant === 'venus' ? tryRead : read)({
      address: comptroller,
      abi: compoundOnlyAbi,
      functionName: 'liquidationIncentiveMantissa',
    }),
  ])
  const cTokens = [...new Set(all.map((address) => getAddress(address)))]
  const stored = await Promise.all(
    cTokens.map((cToken) => readStored(chain, { cToken, oracle, incentive: incentive ?? WAD })),
  )
  const pools = variant === 'venus' ? await readVenusPools(chain, cTokens) : {}
  const accrued = await accrueMarkets(chain, stored, variant)
  const vai = variant === 'venus' ? await readVai(chain) : null
  return {
    comptroller,
    oracle: getAddress(oracle),
    variant,
    closeFactor,
    paused: protocolPaused ? 'the protocol is paused' : seizePaused ? 'seizing is paused' : null,
    markets: Object.fromEntries(
      stored.map((market, i) => {
        const { marker: _, ...rest } = market
        return [market.cToken, { ...rest, ...(accrued[i] ?? unbooked(market)) }]
      }),
    ),
    pools,
    vai,
    blocks: block.number > deployment.fromBlock ? block.number - deployment.fromBlock : 0n,
  }
}

const unbooked = ({ borrowIndex, totalBorrows, exchangeRate }: StoredIndices): Indices => ({
  ...{ borrowIndex, totalBorrows, exchangeRate },
  stuck: true,
})

type Stored = Omit<Market, keyof Indices> & StoredIndices

/** One market as its storage has it, in two rounds of reads. */
const readStored = async (
  chain: Chain,
  {
    cToken,
    oracle,
    incentive,
  }: { readonly cToken: Address; readonly oracle: Address; readonly incentive: bigint },
): Promise<Stored> => {
  const { read, tryRead, deployment } = chain
  const { variant, comptroller } = deployment
  const token = { address: cToken, abi: cTokenAbi } as const
  const [underlying, borrowIndex, totalBorrows, exchangeRate, marker, price, protocolShare, risk] =
    await Promise.all([
      tryRead({ ...token, functionName: 'underlying' }),
      read({ ...token, functionName: 'borrowIndex' }),
      read({ ...token, functionName: 'totalBorrows' }),
      read({ ...token, functionName: 'exchangeRateStored' }),
      read({ ...token, functionName: markerOf(variant) }),
      tryRead({
        address: oracle,
        abi: compoundOracleAbi,
        functionName: 'getUnderlyingPrice',
        args: [cToken],
      }),
      // the share came with later cTokens; Venus takes its own in a contract apart
      tryRead({ ...token, functionName: 'protocolSeizeShareMantissa' }),
      readRisk(chain, { cToken, incentive }),
    ])
  const asset = underlying === null ? deployment.native : getAddress(underlying)
  const [symbol, shortSymbol, decimals, forced] = await Promise.all([
    tryRead({ address: asset ?? cToken, abi: cTokenAbi, functionName: 'symbol' }),
    tryRead({ address: asset ?? cToken, abi: bytes32SymbolAbi, functionName: 'symbol' }),
    underlying === null
      ? 18
      : read({ address: getAddress(underlying), abi: cTokenAbi, functionName: 'decimals' }),
    variant === 'compound'
      ? tryRead({
          address: comptroller,
          abi: compoundOnlyAbi,
          functionName: 'isDeprecated',
          args: [cToken],
        })
      : null,
  ])
  const name =
    symbol ??
    (shortSymbol === null ? `${(asset ?? cToken).slice(0, 8)}…` : hexToString(shortSymbol, { size: 32 }))
  return {
    cToken,
    asset: asset ?? cToken,
    symbol: name,
    decimals,
    feeds: variant === 'moonwell' ? await readFeeds(chain, { oracle, symbol: name }) : [],
    ...risk,
    forced: risk.forced || forced === true,
    storedIndex: borrowIndex,
    price: price === null || price === 0n ? null : price,
    protocolShare: protocolShare ?? 0n,
    ...{ borrowIndex, totalBorrows, exchangeRate, marker },
  }
}

/** Moonwell's oracle keeps one feed by the symbol of the underlying; some are wrappers that name another. */
const readFeeds = async (
  { tryRead }: Chain,
  { oracle, symbol }: { readonly oracle: Address; readonly symbol: string },
): Promise<readonly Address[]> => {
  const feed = await tryRead({
    address: oracle,
    abi: compoundOracleAbi,
    functionName: 'getFeed',
    args: [symbol],
  })
  if (feed === null || feed === zeroAddress) return []
  const below = await Promise.all([
    tryRead({ address: feed, abi: moonwellFeedAbi, functionName: 'base' }),
    tryRead({ address: feed, abi: moonwellFeedAbi, functionName: 'originalFeed' }),
  ])
  return [feed, ...below].filter((address) => address !== null).map((address) => getAddress(address))
}

type Risk = Terms & Pick<Market, 'forced' | 'debtPaused' | 'collateralPaused'>

const readRisk = async (
  { read, tryRead, deployment: { comptroller, variant } }: Chain,
  { cToken, incentive }: { readonly cToken: Address; readonly incentive: bigint },
): Promise<Risk> => {
  const venus = { address: comptroller, abi: venusComptrollerAbi } as const
  const paused = (action: number) =>
    variant === 'venus' ? read({ ...venus, functionName: 'actionPaused', args: [cToken, action] }) : false
  const [common, core, forced, noRepay, noSeize, noLiquidate] = await Promise.all([
    read({ address: comptroller, abi: compoundComptrollerAbi, functionName: 'markets', args: [cToken] }),
    variant === 'venus' ? tryRead({ ...venus, functionName: 'poolMarkets', args: [0n, cToken] }) : null,
    variant === 'venus'
      ? tryRead({ ...venus, functionName: 'isForcedLiquidationEnabled', args: [cToken] })
      : null,
    ...([3, 4, 5] as const).map(paused),
  ])
  return {
    listed: common[0],
    factor: core?.[3] ?? common[1],
    incentive: core?.[4] ?? incentive,
    forced: forced === true,
    debtPaused: noRepay === true || noLiquidate === true,
    collateralPaused: noSeize === true,
  }
}
