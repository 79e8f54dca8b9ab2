import { type Address, getAddress, getContractAddress, type Hex, numberToHex } from 'viem'
import {
  fluidFactoryAbi,
  fluidOracleAbi,
  fluidSmartVaultAbi,
  fluidVaultAbi,
  fluidVaultT1Abi,
} from '../../abis/fluid.ts'
import type { Context, UsdPrice } from './adapter.ts'
import { type FluidDex, readDex } from './fluid-dexes.ts'
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
  /** Shares of a Fluid DEX instead of a token: of what it holds as collateral, of what it owes as debt. */
  readonly smart: { readonly supply: boolean; readonly borrow: boolean }
  /** Tokens, the native coin by its wrapped form; of a share, the DEX. */
  readonly supply: Address
  readonly borrow: Address
  /** null where none is set. */
  readonly oracle: Address | null
  /** The feeds from which the oracle takes the price of its pair, where it tells them: of shares against shares. */
  readonly feeds: readonly Address[]
  /** Raw debt for one raw unit of collateral, 27 decimals, as liquidations see it; null where it refuses. */
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
  /** The DEXes whose shares vaults hold or lend; null for one that does not tell what they stand for. */
  readonly dexes: Readonly<Record<Address, FluidDex | null>>
  /** USD prices of the tokens that vaults lend, by themselves or in shares, and of those held against such shares. */
  readonly usd: Readonly<Record<Address, UsdPrice>>
}

type Chain = Context<FluidDeployment>

/** Storage of a vault by slot. */
const [VARIABLES, TERMS, ABSORBED, ABSORBED_DUST] = [0, 1, 2, 10] as const

const slotOf = (slot: number): Hex => numberToHex(slot, { size: 32 })

/** All vaults, their prices and terms. */
export const readMarkets = async (chain: Chain): Promise<FluidMarkets> => {
  const factory = { address: chain.deployment.factory, abi: fluidFactoryAbi } as const
  const [count, minted] = await Promise.all([
    chain.read({ ...factory, functionName: 'totalVaults' }),
    chain.read({ ...factory, functionName: 'totalSupply' }),
  ])
  const vaults = await Promise.all(Array.from({ length: Number(count) }, (_, i) => readVault(chain, i + 1)))
  const shared = vaults.flatMap(({ smart, supply, borrow }) => [
    ...(smart.supply ? [supply] : []),
    ...(smart.borrow ? [borrow] : []),
  ])
  const addresses = [...new Set(shared)]
  const read = await Promise.all(addresses.map((dex) => readDex(chain, dex, tokenOn(chain))))
  const dexes = Object.fromEntries(addresses.map((dex, i) => [dex, read[i] ?? null] as const))
  const tokensOf = (address: Address, isShare: boolean): readonly Address[] =>
    isShare ? (dexes[address]?.tokens ?? []) : [address]
  const held = vaults.flatMap(({ smart, supply }) => tokensOf(supply, smart.supply))
  const valued = [
    ...new Set(
      vaults.flatMap(({ smart, supply, borrow }) => [
        ...tokensOf(borrow, smart.borrow),
        ...(smart.borrow ? tokensOf(supply, smart.supply) : []),
      ]),
    ),
  ]
  const [tokens, usd] = await Promise.all([readTokens(chain, [...held, ...valued]), chain.usdPrices(valued)])
  return {
    factory: chain.deployment.factory,
    vaults: Object.fromEntries(vaults.map((vault) => [vault.vault, vault])),
    minted: Number(minted),
    tokens,
    dexes,
    usd: Object.fromEntries(valued.flatMap((token, i) => (usd[i] ? [[token, usd[i]] as const] : []))),
  }
}

/** The address by which a token is known: the native coin by that of its wrapped form. */
const tokenOn =
  ({ deployment }: Chain) =>
  (given: Address): Address =>
    getAddress(given) === NATIVE ? getAddress(deployment.native) : getAddress(given)

type Sides = Pick<FluidVault, 'smart' | 'supply' | 'borrow'> & {
  /** The contract that deployed the oracle; null for a vault that keeps the oracle's address itself. */
  readonly deployer: Address | null
}

const readSides = async (chain: Chain, address: Address): Promise<Sides> => {
  const { read, tryRead } = chain
  const token = tokenOn(chain)
  // a vault of type 1 tells no type
  const type = await tryRead({ address, abi: fluidVaultAbi, functionName: 'TYPE' })
  if (type === null) {
    const { supplyToken, borrowToken } = await read({
      address,
      abi: fluidVaultT1Abi,
      functionName: 'constantsView',
    })
    return {
      smart: { supply: false, borrow: false },
      supply: token(supplyToken),
      borrow: token(borrowToken),
      deployer: null,
    }
  }
  const { supply, borrow, supplyToken, borrowToken, deployer } = await read({
    address,
    abi: fluidSmartVaultAbi,
    functionName: 'constantsView',
  })
  const isShare = ({ token1 }: { readonly token1: Address }) => BigInt(token1) > 0n
  return {
    smart: { supply: isShare(supplyToken), borrow: isShare(borrowToken) },
    supply: isShare(supplyToken) ? getAddress(supply) : token(supplyToken.token0),
    borrow: isShare(borrowToken) ? getAddress(borrow) : token(borrowToken.token0),
    deployer,
  }
}

/** The oracle that a vault's terms name: by its address, or by the nonce at which the deployer created it. */
const oracleOf = (terms: bigint, deployer: Address | null): Address | null => {
  if (deployer === null) {
    const address = bitsOf(terms, 96, 160)
    return address === 0n ? null : getAddress(numberToHex(address, { size: 20 }))
  }
  const nonce = bitsOf(terms, 92, 30)
  return nonce === 0n ? null : getContractAddress({ from: deployer, nonce })
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
  const [{ deployer, ...sides }, variables, terms, absorbed, absorbedDust] = await Promise.all([
    readSides(chain, address),
    stored(VARIABLES),
    stored(TERMS),
    stored(ABSORBED),
    stored(ABSORBED_DUST),
  ])
  const oracle = oracleOf(terms, deployer)
  const asked = oracle && ({ address: oracle, abi: fluidOracleAbi } as const)
  const [price, told, [, , supplyExchangePrice, borrowExchangePrice]] = await Promise.all([
    asked && tryRead({ ...asked, functionName: 'getExchangeRateLiquidate' }),
    asked && sides.smart.supply && sides.smart.borrow
      ? tryRead({ ...asked, functionName: 'chainlinkOracleData' })
      : null,
    read({ ...vault, functionName: 'updateExchangePrices', args: [terms] }),
  ])
  return {
    vault: getAddress(address),
    id,
    ...sides,
    oracle,
    feeds: told
      ? [told[1], told[4], told[7]].filter((feed) => BigInt(feed) > 0n).map((feed) => getAddress(feed))
      : [],
    price,
    supplyExchangePrice,
    borrowExchangePrice,
    threshold: bitsOf(terms, 42, 10),
    penalty: bitsOf(terms, 72, 10),
    totalBorrow: amountOf(bitsOf(variables, 146, 64)) - bitsOf(absorbed, 0, 128) + absorbedDust,
  }
}
