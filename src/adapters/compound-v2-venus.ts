import { type Address, getAddress, zeroAddress } from 'viem'
import { cTokenAbi, vaiControllerAbi, venusComptrollerAbi } from '../../abis/compound-v2.ts'
import type { Reader } from '../sources/batch.ts'

/** What a market is worth as collateral, WAD. */
export type Terms = {
  readonly listed: boolean
  /** Liquidation threshold; the collateral factor where the protocol has no other. */
  readonly factor: bigint
  /** With the 100 %. */
  readonly incentive: bigint
}

/** A pool that accounts choose instead of the core pool (e-mode): other terms for some markets. */
export type VenusPool = {
  readonly label: string
  /** An inactive pool leaves its accounts the terms of the core pool. */
  readonly active: boolean
  /** Whether markets that the pool does not list keep the terms of the core pool; otherwise they are worth nothing. */
  readonly fallback: boolean
  /** By vToken, of those it lists. */
  readonly terms: Readonly<Record<Address, Terms>>
}

/** VAI, the debt that is minted against collateral and counts for one USD. */
export type VaiMarket = {
  readonly controller: Address
  readonly token: Address
  readonly symbol: string
  /** With the interest that anyone may book at the pinned block, WAD. */
  readonly mintIndex: bigint
  readonly liquidationPaused: boolean
  readonly forced: boolean
}

type Chain = Reader & { readonly deployment: { readonly comptroller: Address } }

/** Every pool but the core pool, by id; null at blocks before Venus had pools. */
export const readVenusPools = async (
  { read, tryRead, deployment }: Chain,
  vTokens: readonly Address[],
): Promise<Readonly<Record<string, VenusPool>> | null> => {
  const comptroller = { address: deployment.comptroller, abi: venusComptrollerAbi } as const
  const last = await tryRead({ ...comptroller, functionName: 'lastPoolId' })
  if (last === null) return null
  const ids = Array.from({ length: Number(last) }, (_, i) => BigInt(i + 1))
  const pools = await Promise.all(
    ids.map(async (id) => {
      const [[label, active, fallback], ...rows] = await Promise.all([
        read({ ...comptroller, functionName: 'pools', args: [id] }),
        ...vTokens.map((vToken) => read({ ...comptroller, functionName: 'poolMarkets', args: [id, vToken] })),
      ])
      const terms = rows.flatMap(([listed, , , factor, incentive], i) => {
        const vToken = vTokens[i]
        return listed && vToken ? [[vToken, { listed, factor, incentive }] as const] : []
      })
      return [String(id), { label, active, fallback, terms: Object.fromEntries(terms) }] as const
    }),
  )
  return Object.fromEntries(pools)
}

/** The terms of a market for an account in a pool (MarketFacet.getLiquidationParams); null where it is worth nothing. */
export const poolTerms = (
  pools: Readonly<Record<string, VenusPool>> | null,
  pool: string,
  market: Terms & { readonly cToken: Address },
): Terms | null => {
  const chosen = pools?.[pool]
  if (!chosen?.active) return market
  return chosen.terms[market.cToken] ?? (chosen.fallback ? market : null)
}

/** null where the comptroller names no VAI controller. */
export const readVai = async ({ read, tryRead, deployment }: Chain): Promise<VaiMarket | null> => {
  const comptroller = { address: deployment.comptroller, abi: venusComptrollerAbi } as const
  const named = await read({ ...comptroller, functionName: 'vaiController' })
  if (named === zeroAddress) return null
  const controller = getAddress(named)
  const vai = { address: controller, abi: vaiControllerAbi } as const
  const [token, liquidationPaused, forced] = await Promise.all([
    read({ ...vai, functionName: 'getVAIAddress' }),
    read({ ...comptroller, functionName: 'actionPaused', args: [controller, 5] }),
    // older comptrollers cannot force
    tryRead({ ...comptroller, functionName: 'isForcedLiquidationEnabled', args: [controller] }),
  ])
  const symbol = await tryRead({ address: token, abi: cTokenAbi, functionName: 'symbol' })
  // alone in their round, so that they travel in one request and the index is the one after the call
  const [, mintIndex] = await Promise.all([
    tryRead({ ...vai, functionName: 'accrueVAIInterest' }),
    read({ ...vai, functionName: 'vaiMintIndex' }),
  ])
  return {
    controller,
    token: getAddress(token),
    symbol: symbol ?? 'VAI',
    mintIndex,
    liquidationPaused,
    forced: forced === true,
  }
}
