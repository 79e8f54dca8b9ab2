import { type Address, encodeDeployData, type Hex, zeroAddress } from 'viem'
import type { Artifact } from './compile.ts'
import type { Deployer } from './deployer.ts'

/** DEXes of the tests by name: the tokens of a share, whole ones for a whole share, both of what is held and owed. */
export const SHARES = {
  'WETH-USDC': { tokens: ['native', 'USDC'], amounts: [1, 3000] },
  'wstETH-WETH': { tokens: ['wstETH', 'native'], amounts: [0.5, 0.6] },
  'WBTC-WETH': { tokens: ['WBTC', 'native'], amounts: [0.05, 1] },
  'USDC-USDT': { tokens: ['USDC', 'USDT'], amounts: [0.5, 0.5] },
} as const
export type FluidShare = keyof typeof SHARES

export const isShare = (side: string): side is FluidShare => side in SHARES

export type ShareFeed = 'ETH' | 'BTC' | 'USDC/ETH' | 'one' | 'still'

/** FluidShareOracleStandIn of test/chain/sol/FluidSmartStandIn.sol, in whole units; what is missing is 0. */
export type ShareShape = {
  readonly over: ShareFeed
  readonly under?: ShareFeed
  readonly product?: number
  readonly moving?: number
  readonly debtMoving?: number
  readonly debtStill?: number
}

const DECIMALS = { native: 18, WETH: 18, wstETH: 18, WBTC: 8, USDC: 6, USDT: 6 } as const

/** The part of a vault's specification that is read here. */
type Spec = {
  readonly supply: keyof typeof DECIMALS | FluidShare
  readonly borrow: keyof typeof DECIMALS | FluidShare
  readonly exchangePrices: readonly [bigint, bigint]
}

const wad = (value = 0): bigint => BigInt(Math.round(value * 1e9)) * 10n ** 9n
const units = (token: keyof typeof DECIMALS, amount: number): bigint =>
  wad(amount) / 10n ** BigInt(18 - DECIMALS[token])

/** An amount as 56 bits and an exponent. */
const toBig = (amount: bigint): bigint => {
  let exponent = 0n
  while (amount >> exponent >= 1n << 56n) exponent++
  return ((amount >> exponent) << 8n) | exponent
}

/** A user's word in the Liquidity layer; with interest, at an exchange price of 1.25. */
const held = (amount: bigint, bearsInterest: boolean): bigint =>
  bearsInterest ? (toBig((amount * 4n) / 5n) << 1n) | 1n : toBig(amount) << 1n

/** A token that pays no interest now, its prices 1.25. */
const PRICES = (1_250_000_000_000n << 91n) | (1_250_000_000_000n << 155n)

/** Shares of each DEX, held and owed. */
const STOCK = [10_000n, 4_000n] as const

/** The DEXes that the vaults name, and how to deploy a vault with shares. */
export const deployShares = async (
  {
    deployer: { deploy, send, read },
    artifactOf,
    feeds,
    sides,
    factory,
  }: {
    readonly deployer: Deployer
    readonly artifactOf: (name: string) => Artifact
    readonly feeds: Readonly<Record<ShareFeed, Address>>
    /** Tokens by name, and the native coin. */
    readonly sides: Readonly<Record<string, Address>>
    readonly factory: Address
  },
  specs: readonly Spec[],
) => {
  const dexes: Record<string, Address> = {}
  for (const name of new Set(specs.flatMap(({ supply, borrow }) => [supply, borrow]))) {
    if (!isShare(name)) continue
    const { tokens, amounts } = SHARES[name]
    const words = tokens.flatMap((token, i) =>
      STOCK.map((shares, side) => held(units(token, amounts[i] ?? 0) * shares, i === side)),
    )
    dexes[name] = await deploy('FluidDexStandIn', [
      tokens.map((token) => sides[token]),
      STOCK.map((shares) => shares * 10n ** 18n),
      [...words, PRICES, PRICES],
    ])
  }
  const creator = await deploy('FluidDeployerStandIn')
  // from here on a nonce takes two bytes
  await send('FluidDeployerStandIn', creator, 'skip', [130n])
  const sideOf = (side: Spec['supply']): readonly (Address | undefined)[] =>
    isShare(side)
      ? [dexes[side], ...SHARES[side].tokens.map((token) => sides[token])]
      : [zeroAddress, sides[side], zeroAddress]
  const decimalsOf = (side: Spec['supply']): number => (isShare(side) ? 18 : DECIMALS[side])

  const deployVault = async (
    { supply, borrow, exchangePrices, shape }: Spec & { readonly shape: ShareShape },
    id: bigint,
    terms: bigint,
  ) => {
    const { over, under, product, moving, debtMoving, debtStill } = shape
    const { abi, bytecode } = artifactOf('FluidShareOracleStandIn')
    const [product_, moving_, debtMoving_, debtStill_] = [product, moving, debtMoving, debtStill].map(wad)
    const code = encodeDeployData({
      abi,
      bytecode: bytecode as Hex,
      args: [
        feeds[over],
        under ? feeds[under] : zeroAddress,
        {
          product: product_,
          moving: moving_,
          debtMoving: debtMoving_,
          debtStill: debtStill_,
        },
        10n ** BigInt(27 + decimalsOf(borrow) - decimalsOf(supply)),
      ],
    })
    await send('FluidDeployerStandIn', creator, 'deploy', [code])
    const nonce = await read<bigint>('FluidDeployerStandIn', creator, 'nonce')
    const oracle = await read<Address>('FluidDeployerStandIn', creator, 'deployed', [nonce])
    const vault = await deploy('FluidSmartVaultStandIn', [
      factory,
      creator,
      [sideOf(supply), sideOf(borrow)],
      id,
      exchangePrices,
      (nonce << 92n) | terms,
    ])
    return { vault, oracle }
  }
  return { dexes, deployVault }
}
