import { type Address, encodeFunctionData, getAddress, hexToString } from 'viem'
import { bytes32SymbolAbi } from '../../abis/aave-v3.ts'
import {
  compoundComptrollerAbi,
  compoundOnlyAbi,
  compoundOracleAbi,
  cTokenAbi,
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
  /** Venus pools by id, without the core pool. */
  readonly pools: Readonly<Record<string, VenusPool>>
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
    variant === 'venus'
      ? WAD
      : read({ address: comptroller, abi: compoundOnlyAbi, functionName: 'liquidationIncentiveMantissa' }),
  ])
  const cTokens = [...new Set(all.map((address) => getAddress(address)))]
  const stored = await Promise.all(cTokens.map((cToken) => readStored(chain, { cToken, oracle, incentive })))
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
  return {
    cToken,
    asset: asset ?? cToken,
    symbol:
      symbol ??
      (shortSymbol === null ? `${(asset ?? cToken).slice(0, 8)}…` : hexToString(shortSymbol, { size: 32 })),
    decimals,
    ...risk,
    forced: risk.forced || forced === true,
    storedIndex: borrowIndex,
    price: price === null || price === 0n ? null : price,
    protocolShare: protocolShare ?? 0n,
    ...{ borrowIndex, totalBorrows, exchangeRate, marker },
  }
}

type Risk = Terms & Pick<Market, 'forced' | 'debtPaused' | 'collateralPaused'>

const readRisk = async (
  { read, deployment: { comptroller, variant } }: Chain,
  { cToken, incentive }: { readonly cToken: Address; readonly incentive: bigint },
): Promise<Risk> => {
  if (variant !== 'venus') {
    const [listed, factor] = await read({
      address: comptroller,
      abi: compoundComptrollerAbi,
      functionName: 'markets',
      args: [cToken],
    })
    return { listed, factor, incentive, forced: false, debtPaused: false, collateralPaused: false }
  }
  const venus = { address: comptroller, abi: venusComptrollerAbi } as const
  const paused = (action: number) => read({ ...venus, functionName: 'actionPaused', args: [cToken, action] })
  const [core, forced, noRepay, noSeize, noLiquidate] = await Promise.all([
    read({ ...venus, functionName: 'poolMarkets', args: [0n, cToken] }),
    read({ ...venus, functionName: 'isForcedLiquidationEnabled', args: [cToken] }),
    ...([3, 4, 5] as const).map(paused),
  ])
  const [listed, , , threshold, bonus] = core
  return {
    listed,
    factor: threshold,
    incentive: bonus,
    forced,
    debtPaused: noRepay === true || noLiquidate === true,
    collateralPaused: noSeize === true,
  }
}
