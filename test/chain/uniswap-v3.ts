import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Address, type Hex, maxUint256, toHex, zeroAddress } from 'viem'
import type { Anvil } from './anvil.ts'
import type { Artifact } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'

const require = createRequire(import.meta.url)

const PATHS: Readonly<Record<string, string>> = {
  UniswapV3Factory: require.resolve(
    '@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json',
  ),
  UniswapV3Pool: require.resolve('@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json'),
  NonfungiblePositionManager: require.resolve(
    '@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json',
  ),
  QuoterV2: require.resolve('@uniswap/v3-periphery/artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json'),
  IERC20Metadata: require.resolve(
    '@uniswap/v3-periphery/artifacts/contracts/interfaces/IERC20Metadata.sol/IERC20Metadata.json',
  ),
  MintableERC20: require.resolve(
    '@aave/core-v3/artifacts/contracts/mocks/tokens/MintableERC20.sol/MintableERC20.json',
  ),
}

/** A compiled contract of the teams' own packages. */
export const uniswapArtifact = (name: string): Artifact => {
  const path = PATHS[name]
  if (path === undefined) throw new Error(`no package is known for ${name}`)
  return JSON.parse(readFileSync(path, 'utf8'))
}

export type Token = { readonly address: Address; readonly decimals: number }

/** Uniswap v3 as its team compiled it, on a local chain. */
export type UniswapV3 = {
  readonly deployer: Deployer
  readonly factory: Address
  readonly manager: Address
  readonly quoter: Address
}

/** Fee tiers and their tick spacings: those of the constructor, and the one that governance added. */
const TIERS = [
  [100, 1],
  [500, 10],
  [3000, 60],
  [10_000, 200],
] as const

/** Deploys factory (with the 0.01 % tier that governance added), position manager and quoter. */
export const deployUniswapV3 = async (anvil: Anvil): Promise<UniswapV3> => {
  const [from = zeroAddress] = await anvil.rpc<readonly Address[]>('eth_accounts')
  const deployer = createDeployer(anvil, from, uniswapArtifact)
  const factory = await deployer.deploy('UniswapV3Factory')
  await deployer.send('UniswapV3Factory', factory, 'enableFeeAmount', TIERS[0])
  // the wrapped coin and the descriptor are asked for nothing here
  const manager = await deployer.deploy('NonfungiblePositionManager', [factory, from, from])
  const quoter = await deployer.deploy('QuoterV2', [factory, from])
  return { deployer, factory, manager, quoter }
}

/** A driver and a dollar of these decimals, the driver's address below the dollar's or above it. */
export const deployPair = async (
  { deployer }: UniswapV3,
  {
    driverIs,
    decimals,
  }: { readonly driverIs: 'token0' | 'token1'; readonly decimals: readonly [number, number] },
): Promise<{ readonly driver: Token; readonly dollar: Token }> => {
  const deploy = async (symbol: string, of: number): Promise<Token> => ({
    address: await deployer.deploy('MintableERC20', [symbol, symbol, of]),
    decimals: of,
  })
  const driver = await deploy('WETH', decimals[0])
  for (;;) {
    const dollar = await deploy('USDC', decimals[1])
    if (BigInt(driver.address) < BigInt(dollar.address) === (driverIs === 'token0')) return { driver, dollar }
  }
}

/** Liquidity between two prices of the driver in dollars, of so many dollars and as much of the driver. */
export type Range = { readonly low: number; readonly high: number; readonly usd: number }

export type PoolPlan = {
  readonly driver: Token
  readonly dollar: Token
  /** Millionths. */
  readonly fee: number
  readonly price: number
  readonly ranges: readonly Range[]
}

const raw = (amount: number, decimals: number): bigint =>
  (BigInt(Math.round(amount * 1e6)) * 10n ** BigInt(decimals)) / 1_000_000n

/** √(token1 / token0) as Q64.96, good to the digits of a double. */
const rootX96 = (price: number): bigint => BigInt(Math.round(Math.sqrt(price) * 2 ** 64)) << 32n

/** Opens a pool at a price and fills its ranges; the tokens are minted for it. */
export const openPool = async (uniswap: UniswapV3, plan: PoolPlan): Promise<Address> => {
  const { deployer, factory, manager } = uniswap
  const { driver, dollar, fee, price, ranges } = plan
  const { from, send, read } = deployer
  const direct = BigInt(driver.address) < BigInt(dollar.address)
  const [token0, token1] = direct ? [driver, dollar] : [dollar, driver]
  const rawPrice = (usd: number): number => {
    const dollars = usd * 10 ** (dollar.decimals - driver.decimals)
    return direct ? dollars : 1 / dollars
  }
  const pair = [token0.address, token1.address, fee]
  await send('NonfungiblePositionManager', manager, 'createAndInitializePoolIfNecessary', [
    ...pair,
    rootX96(rawPrice(price)),
  ])
  const pool = await read<Address>('UniswapV3Factory', factory, 'getPool', pair)
  const spacing = await read<number>('UniswapV3Pool', pool, 'tickSpacing')
  const tickOf = (usd: number): number =>
    Math.round(Math.log(rawPrice(usd)) / Math.log(1.0001) / spacing) * spacing
  for (const token of [token0, token1]) {
    await send('MintableERC20', token.address, 'mint', [from, 10n ** 40n])
    await send('MintableERC20', token.address, 'approve', [manager, maxUint256])
  }
  for (const { low, high, usd } of ranges) {
    const [tickLower = 0, tickUpper = 0] = [tickOf(low), tickOf(high)].sort((a, b) => a - b)
    const amounts = [raw(usd / price, driver.decimals), raw(usd, dollar.decimals)]
    const [amount0Desired = 0n, amount1Desired = 0n] = direct ? amounts : amounts.reverse()
    await send('NonfungiblePositionManager', manager, 'mint', [
      {
        ...{ token0: token0.address, token1: token1.address, fee, tickLower, tickUpper },
        ...{ amount0Desired, amount1Desired, amount0Min: 0n, amount1Min: 0n },
        ...{ recipient: from, deadline: 2n ** 60n },
      },
    ])
  }
  return pool
}

export type Quote = { readonly amountOut: bigint; readonly sqrtPriceX96: bigint }

/** What the quoter says of selling so much of the driver. */
export const quoteSale = async (
  { deployer, quoter }: UniswapV3,
  { driver, dollar, fee }: PoolPlan,
  amountIn: bigint,
): Promise<Quote> => {
  const [amountOut, sqrtPriceX96] = await deployer.read<readonly [bigint, bigint]>(
    'QuoterV2',
    quoter,
    'quoteExactInputSingle',
    [{ tokenIn: driver.address, tokenOut: dollar.address, amountIn, fee, sqrtPriceLimitX96: 0n }],
  )
  return { amountOut, sqrtPriceX96 }
}

/** Slots of a contract's storage that are carried along: enough for the tokens and the factory. */
const SLOTS = 16

/**
 * Puts a contract at an address of a public chain, with its first slots of storage; what it knows of its own address
 * changes with it.
 */
const placeAt = async (anvil: Anvil, from: Address, to: Address): Promise<void> => {
  const code = await anvil.rpc<Hex>('eth_getCode', [from, 'latest'])
  const own = from.slice(2).toLowerCase()
  await anvil.rpc('anvil_setCode', [to, code.replaceAll(own, to.slice(2).toLowerCase())])
  for (let slot = 0; slot < SLOTS; slot++) {
    const value = await anvil.rpc<Hex>('eth_getStorageAt', [from, toHex(slot), 'latest'])
    await anvil.rpc('anvil_setStorageAt', [to, toHex(slot, { size: 32 }), value])
  }
}

/** Tokens that can be minted, at addresses of a public chain. */
export const placeTokens = async (
  anvil: Anvil,
  { deployer }: UniswapV3,
  tokens: Readonly<Record<Address, readonly [symbol: string, decimals: number]>>,
): Promise<void> => {
  for (const [address, [symbol, decimals]] of Object.entries(tokens))
    await placeAt(
      anvil,
      await deployer.deploy('MintableERC20', [symbol, symbol, decimals]),
      address as Address,
    )
}

/** The same Uniswap with its factory at an address of a public chain. */
export const placeFactory = async (
  anvil: Anvil,
  { deployer, factory }: UniswapV3,
  at: Address,
): Promise<UniswapV3> => {
  await placeAt(anvil, factory, at)
  // the tiers lie in a mapping, which does not move along
  for (const [fee, spacing] of TIERS)
    await deployer.send('UniswapV3Factory', at, 'enableFeeAmount', [fee, spacing])
  const args = [at, deployer.from]
  const manager = await deployer.deploy('NonfungiblePositionManager', [...args, deployer.from])
  return { deployer, factory: at, manager, quoter: await deployer.deploy('QuoterV2', args) }
}
