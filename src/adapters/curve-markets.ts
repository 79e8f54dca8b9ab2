import { type Address, getAddress } from 'viem'
import {
  curveAmmAbi,
  curveControllerAbi,
  curveLendFactoryAbi,
  curveLendFactoryV2Abi,
  curveMintFactoryAbi,
  curveOracleAbi,
} from '../../abis/curve.ts'
import { WAD } from '../core/units.ts'
import type { Context, UsdPrice } from './adapter.ts'
import { readTokens, type Token } from './morpho-blue-tokens.ts'

/** A factory and how it lists its markets. */
export type CurveDeployment = {
  readonly factory: Address
  readonly kind: 'mint' | 'lend' | 'lend-v2'
  readonly fromBlock: bigint
}

/** One collateral against one borrowed token: a controller with its AMM. */
export type CurveMarket = {
  readonly controller: Address
  readonly amm: Address
  readonly oracle: Address
  readonly collateral: Address
  readonly borrowed: Address
  readonly loans: number
  /** Raw borrowed tokens. */
  readonly totalDebt: bigint
  /** A: a band is 1/A wide. */
  readonly amplification: bigint
  readonly activeBand: number
  /** Borrowed tokens for one collateral token as the oracle says, WAD; null where it refuses. */
  readonly price: bigint | null
  /** What the AMM takes it for: held within a quarter of the last trade's for two minutes after a trade. */
  readonly ammPrice: bigint | null
}

export type CurveMarkets = {
  readonly kind: CurveDeployment['kind']
  /** By controller. */
  readonly markets: Readonly<Record<Address, CurveMarket>>
  readonly tokens: Readonly<Record<Address, Token>>
  /** USD prices of the borrowed tokens. */
  readonly usd: Readonly<Record<Address, UsdPrice>>
}

type Chain = Context<CurveDeployment>

/** Mint markets count their stablecoin as 1 USD, whatever it trades at. */
const ONE_USD: UsdPrice = { price: WAD, decimals: 18, ask: null, feeds: [] }

/** Everything the loans of a factory's markets share. */
export const readMarkets = async (chain: Chain): Promise<CurveMarkets> => {
  const { kind } = chain.deployment
  const controllers = await readControllers(chain)
  const found = await Promise.all(controllers.map((controller) => readMarket(chain, controller)))
  const borrowed = [...new Set(found.map((market) => market.borrowed))]
  const [tokens, usd] = await Promise.all([
    readTokens(
      chain,
      found.flatMap((market) => [market.collateral, market.borrowed]),
    ),
    kind === 'mint' ? borrowed.map(() => ONE_USD) : chain.usdPrices(borrowed),
  ])
  return {
    kind,
    markets: Object.fromEntries(found.map((market) => [market.controller, market])),
    tokens,
    usd: Object.fromEntries(borrowed.flatMap((token, i) => (usd[i] ? [[token, usd[i]] as const] : []))),
  }
}

const upTo = (count: bigint): readonly bigint[] => Array.from({ length: Number(count) }, (_, n) => BigInt(n))

/** The controllers that a factory lists. */
const readControllers = async ({ read, deployment }: Chain): Promise<readonly Address[]> => {
  const { factory: address, kind } = deployment
  if (kind === 'mint') {
    const factory = { address, abi: curveMintFactoryAbi } as const
    const count = await read({ ...factory, functionName: 'n_collaterals' })
    return Promise.all(upTo(count).map((n) => read({ ...factory, functionName: 'controllers', args: [n] })))
  }
  if (kind === 'lend') {
    const factory = { address, abi: curveLendFactoryAbi } as const
    const count = await read({ ...factory, functionName: 'market_count' })
    return Promise.all(upTo(count).map((n) => read({ ...factory, functionName: 'controllers', args: [n] })))
  }
  const factory = { address, abi: curveLendFactoryV2Abi } as const
  const count = await read({ ...factory, functionName: 'market_count' })
  const listed = await Promise.all(
    upTo(count).map((n) => read({ ...factory, functionName: 'markets', args: [n] })),
  )
  return listed.map(({ controller }) => controller)
}

const readMarket = async ({ read, tryRead }: Chain, listed: Address): Promise<CurveMarket> => {
  const controller = { address: getAddress(listed), abi: curveControllerAbi } as const
  const [ammAddress, loans, totalDebt] = await Promise.all([
    read({ ...controller, functionName: 'amm' }),
    read({ ...controller, functionName: 'n_loans' }),
    read({ ...controller, functionName: 'total_debt' }),
  ])
  const amm = { address: ammAddress, abi: curveAmmAbi } as const
  const [borrowed, collateral, amplification, activeBand, ammPrice, oracle] = await Promise.all([
    read({ ...amm, functionName: 'coins', args: [0n] }),
    read({ ...amm, functionName: 'coins', args: [1n] }),
    read({ ...amm, functionName: 'A' }),
    read({ ...amm, functionName: 'active_band' }),
    tryRead({ ...amm, functionName: 'price_oracle' }),
    read({ ...amm, functionName: 'price_oracle_contract' }),
  ])
  return {
    controller: controller.address,
    amm: getAddress(ammAddress),
    oracle: getAddress(oracle),
    collateral: getAddress(collateral),
    borrowed: getAddress(borrowed),
    loans: Number(loans),
    totalDebt,
    amplification,
    activeBand: Number(activeBand),
    price: await tryRead({ address: oracle, abi: curveOracleAbi, functionName: 'price' }),
    ammPrice,
  }
}
