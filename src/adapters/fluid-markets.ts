import { type Address, getAddress, type Hex, numberToHex } from 'viem'
import {
  fluidFactoryAbi,
  fluidOracleAbi,
  fluidSmartVaultAbi,
  fluidVaultAbi,
  fluidVaultT1Abi,
} from '../../abis/fluid.ts'
import type { Context, UsdPrice } from './adapter.ts'
import { amountOf, bitsOf } from './fluid-rules.ts'
import { readTokens, type Token } from './morpho-blue-tokens.ts'

export type FluidDeployment = {
  readonly factory: Address
  /** The wrapped form of the chain's own coin. */
  readonly native: Address
  readonly fromBlock: bigint
}

/** How Fluid names the chain's own coin. */
const NATIVE = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE'

/** A vault; what it holds and owes is in its own raw units, which the exchange prices (1e12) turn into tokens. */
export type FluidVault = {
  readonly vault: Address
  readonly id: number
  /** A share of a Fluid DEX instead of a token: the oracle of such a vault is not read. */
  readonly smart: { readonly supply: boolean; readonly borrow: boolean }
  /** Tokens, the native coin by its wrapped form; of a share, the DEX. */
  readonly supply: Address
  readonly borrow: Address
  readonly oracle: Address | null
  /** Raw debt tokens for one raw collateral token, 27 decimals, as liquidations see it; null where it refuses. */
  readonly price: bigint | null
  readonly supplyExchangePrice: bigint
  readonly borrowExchangePrice: bigint
  /** Liquidation threshold, thousandths; penalty, ten-thousandths. */
  readonly threshold: bigint
  readonly penalty: bigint
  /** Raw debt of all positions: what the vault took over from them (`absorb`) and has not sold yet is left out. */
  readonly totalBorrow: bigint
}

export type FluidMarkets = {
  readonly factory: Address
  readonly vaults: Readonly<Record<Address, FluidVault>>
  /** Positions ever minted, their ids being 1 to this. */
  readonly minted: number
  readonly tokens: Readonly<Record<Address, Token>>
  /** USD prices of the tokens that vaults lend. */
  readonly usd: Readonly<Record<Address, UsdPrice>>
}

type Chain = Context<FluidDeployment>

/** Storage of a vault by slot. */
const [VARIABLES, TERMS, ABSORBED, ABSORBED_DUST] = [0, 1, 2, 10] as const

const slotOf = (slot: number): Hex => numberToHex(slot, { size: 32 })

/** Type of a vault with a token on both sides: those say no type at all. */
const T1 = 10_000n

/** All vaults, their prices and terms. */
export const readMarkets = async (chain: Chain): Promise<FluidMarkets> => {
  const factory = { address: chain.deployment.factory, abi: fluidFactoryAbi } as const
  const [count, minted] = await Promise.all([
    chain.read({ ...factory, functionName: 'totalVaults' }),
    chain.read({ ...factory, functionName: 'totalSupply' }),
  ])
  const vaults = await Promise.all(Array.from({ length: Number(count) }, (_, i) => readVault(chain, i + 1)))
  const supplied = vaults.flatMap(({ smart, supply }) => (smart.supply ? [] : [supply]))
  const lent = [...new Set(vaults.flatMap(({ smart, borrow }) => (smart.borrow ? [] : [borrow])))]
  const [tokens, usd] = await Promise.all([readTokens(chain, [...supplied, ...lent]), chain.usdPrices(lent)])
  return {
    factory: chain.deployment.factory,
    vaults: Object.fromEntries(vaults.map((vault) => [vault.vault, vault])),
    minted: Number(minted),
    tokens,
    usd: Object.fromEntries(lent.flatMap((token, i) => (usd[i] ? [[token, usd[i]] as const] : []))),
  }
}

type Sides = Pick<FluidVault, 'smart' | 'supply' | 'borrow'>

const readSides = async ({ read, tryRead, deployment }: Chain, address: Address): Promise<Sides> => {
  const token = (given: Address): Address =>
    getAddress(given) === NATIVE ? getAddress(deployment.native) : getAddress(given)
  const type = await tryRead({ address, abi: fluidVaultAbi, functionName: 'TYPE' })
  if (type === null || type === T1) {
    const { supplyToken, borrowToken } = await read({
      address,
      abi: fluidVaultT1Abi,
      functionName: 'constantsView',
    })
    return {
      smart: { supply: false, borrow: false },
      supply: token(supplyToken),
      borrow: token(borrowToken),
    }
  }
  const { supply, borrow, supplyToken, borrowToken } = await read({
    address,
    abi: fluidSmartVaultAbi,
    functionName: 'constantsView',
  })
  const isShare = ({ token1 }: { readonly token1: Address }) => BigInt(token1) > 0n
  return {
    smart: { supply: isShare(supplyToken), borrow: isShare(borrowToken) },
    supply: isShare(supplyToken) ? getAddress(supply) : token(supplyToken.token0),
    borrow: isShare(borrowToken) ? getAddress(borrow) : token(borrowToken.token0),
  }
}

const readVault = async (chain: Chain, id: number): Promise<FluidVault> => {
  const { read, tryRead, deployment } = chain
  const address = await read({
    address: deployment.factory,
    abi: fluidFactoryAbi,
    functionName: 'getVaultAddress',
    args: [BigInt(id)],
  })
  const vault = { address, abi: fluidVaultAbi } as const
  const stored = (slot: number): Promise<bigint> =>
    read({ ...vault, functionName: 'readFromStorage', args: [slotOf(slot)] })
  const [sides, variables, terms, absorbed, absorbedDust] = await Promise.all([
    readSides(chain, address),
    stored(VARIABLES),
    stored(TERMS),
    stored(ABSORBED),
    stored(ABSORBED_DUST),
  ])
  const plain = !sides.smart.supply && !sides.smart.borrow
  const oracle = plain ? getAddress(numberToHex(bitsOf(terms, 96, 160), { size: 20 })) : null
  const [price, [, , supplyExchangePrice, borrowExchangePrice]] = await Promise.all([
    oracle && tryRead({ address: oracle, abi: fluidOracleAbi, functionName: 'getExchangeRateLiquidate' }),
    read({ ...vault, functionName: 'updateExchangePrices', args: [terms] }),
  ])
  return {
    vault: getAddress(address),
    id,
    ...sides,
    oracle,
    price,
    supplyExchangePrice,
    borrowExchangePrice,
    threshold: bitsOf(terms, 42, 10),
    penalty: bitsOf(terms, 72, 10),
    totalBorrow: amountOf(bitsOf(variables, 146, 64)) - bitsOf(absorbed, 0, 128) + absorbedDust,
  }
}
