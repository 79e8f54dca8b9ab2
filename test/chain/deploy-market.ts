import { type Address, maxUint256, zeroAddress } from 'viem'
import type { Anvil } from './anvil.ts'
import { type Artifact, artifactIn, compileAave, compileOwn } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import {
  type AaveMarket,
  RESERVE_PARAMETERS,
  RESERVE_SYMBOLS,
  type Reserve,
  type ReserveSymbol,
  WSTETH_RATIO,
} from './market.ts'

export type MarketOptions = {
  /** The first answer of the WETH feed, USD. */
  readonly ethUsd?: number
}

/** A token that will be listed, with its price feed. */
type Asset = Pick<Reserve, 'symbol' | 'asset' | 'feed' | 'decimals'>

/** Where one version of Aave differs from the other; everything else is in `deployMarket`. */
export type Dialect = {
  readonly version: AaveMarket['version']
  readonly artifactOf: (name: string) => Artifact
  readonly poolContract: string
  readonly configuratorContract: string
  /** Name and constructor arguments of the interest rate strategy. */
  readonly rateStrategy: (addressesProvider: Address) => readonly [name: string, args: readonly unknown[]]
  readonly poolArgs: (addressesProvider: Address, rateStrategy: Address) => readonly unknown[]
  /** The argument of `initReserves`, with the token implementations it refers to deployed. */
  readonly reserveInputs: (deployer: Deployer, context: ReserveContext) => Promise<readonly unknown[]>
  readonly openEMode: (deployer: Deployer, configurator: Address, assets: readonly Asset[]) => Promise<void>
}

type ReserveContext = {
  readonly pool: Address
  readonly rateStrategy: Address
  readonly treasury: Address
  readonly assets: readonly Asset[]
}

/** Not the admin: its share of the interest must not mix with the liquidity that the admin supplies. */
const TREASURY: Address = '0x00000000000000000000000000000000000fee00'

/** Tokens of each reserve that lie in the Pool, enough for 100,000 positions; the factory holds 100 times as many. */
const LIQUIDITY = 10n ** 11n
const FACTORY_FUNDS = 10n ** 13n

const BTC_USD = 60_000
const USD = 10n ** 8n

const deployAssets = async (helpers: Deployer, ethUsd: number): Promise<readonly Asset[]> => {
  const feed = (usd: number): Promise<Address> =>
    helpers.deploy('SettableFeed', [BigInt(Math.round(usd * Number(USD)))])
  const weth = await feed(ethUsd)
  const feeds: Readonly<Record<ReserveSymbol, Address>> = {
    WETH: weth,
    wstETH: await helpers.deploy('RatioFeed', [weth, WSTETH_RATIO]),
    WBTC: await feed(BTC_USD),
    USDC: await feed(1),
    DAI: await feed(1),
  }
  const assets: Asset[] = []
  for (const symbol of RESERVE_SYMBOLS) {
    const { decimals } = RESERVE_PARAMETERS[symbol]
    const asset = await helpers.deploy('TestnetERC20', [symbol, symbol, decimals, helpers.from])
    assets.push({ symbol, asset, feed: feeds[symbol], decimals })
  }
  return assets
}

/** Libraries, addresses provider, access control, Pool and configurator, in the one order that works. */
const deployCore = async (deployer: Deployer, dialect: Dialect) => {
  const { from, deploy, send, read } = deployer
  const addressesProvider = await deploy('PoolAddressesProvider', ['liqbands', from])
  const onProvider = (functionName: string, args: readonly unknown[]): Promise<void> =>
    send('PoolAddressesProvider', addressesProvider, functionName, args)

  await onProvider('setACLAdmin', [from]) // read by the constructor of the ACLManager
  const acl = await deploy('ACLManager', [addressesProvider])
  await onProvider('setACLManager', [acl])
  await send('ACLManager', acl, 'addPoolAdmin', [from])

  const rateStrategy = await deploy(...dialect.rateStrategy(addressesProvider))
  const poolArgs = dialect.poolArgs(addressesProvider, rateStrategy)
  // Each set…Impl creates a proxy and initialises it.
  await onProvider('setPoolImpl', [await deploy(dialect.poolContract, poolArgs)])
  await onProvider('setPoolConfiguratorImpl', [await deploy(dialect.configuratorContract)])
  const pool = await read<Address>('PoolAddressesProvider', addressesProvider, 'getPool')
  const configurator = await read<Address>('PoolAddressesProvider', addressesProvider, 'getPoolConfigurator')

  const dataProvider = await deploy('AaveProtocolDataProvider', [addressesProvider])
  await onProvider('setPoolDataProvider', [dataProvider])
  return { addressesProvider, rateStrategy, pool, configurator, dataProvider }
}

type Core = Awaited<ReturnType<typeof deployCore>>

const listReserves = async (deployer: Deployer, dialect: Dialect, core: Core, assets: readonly Asset[]) => {
  const { pool, rateStrategy, configurator, dataProvider } = core
  const configure = (functionName: string, args: readonly unknown[]): Promise<void> =>
    deployer.send(dialect.configuratorContract, configurator, functionName, args)

  const context = { pool, rateStrategy, treasury: TREASURY, assets }
  await configure('initReserves', [await dialect.reserveInputs(deployer, context)])
  const reserves: Partial<Record<ReserveSymbol, Reserve>> = {}
  for (const asset of assets) {
    const { ltv, threshold, bonus } = RESERVE_PARAMETERS[asset.symbol]
    await configure('configureReserveAsCollateral', [asset.asset, ltv, threshold, bonus])
    await configure('setReserveBorrowing', [asset.asset, true])
    await configure('setReserveFactor', [asset.asset, 1000n])
    const args = [asset.asset]
    const [aToken, , variableDebtToken] = await deployer.read<readonly [Address, Address, Address]>(
      'AaveProtocolDataProvider',
      dataProvider,
      'getReserveTokensAddresses',
      args,
    )
    reserves[asset.symbol] = { ...asset, aToken, variableDebtToken }
  }
  await dialect.openEMode(deployer, configurator, assets)
  return reserves as Record<ReserveSymbol, Reserve>
}

/** The admin supplies to every reserve, and the factory gets the tokens from which it opens positions. */
const supplyLiquidity = async (
  deployer: Deployer,
  { poolContract }: Dialect,
  tokens: Deployer,
  { pool, factory, assets }: { pool: Address; factory: Address; assets: readonly Asset[] },
): Promise<void> => {
  const admin = deployer.from
  for (const { asset, decimals } of assets) {
    const unit = 10n ** BigInt(decimals)
    await tokens.send('TestnetERC20', asset, 'mint', [admin, LIQUIDITY * unit])
    await tokens.send('TestnetERC20', asset, 'mint', [factory, FACTORY_FUNDS * unit])
    await tokens.send('TestnetERC20', asset, 'approve', [pool, maxUint256])
    await deployer.send(poolContract, pool, 'supply', [asset, LIQUIDITY * unit, admin, 0n])
  }
}

/** Deploys a whole market: contracts, five reserves, e-mode 1, liquidity and the position factory. */
export const deployMarket = async (
  anvil: Anvil,
  dialect: Dialect,
  { ethUsd = 3000 }: MarketOptions,
): Promise<AaveMarket> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n

  const [aave, own] = await Promise.all([compileAave(), compileOwn()])
  const helpers = createDeployer(anvil, admin, artifactIn({ ...aave, ...own }))
  const deployer = createDeployer(anvil, admin, dialect.artifactOf)

  const core = await deployCore(deployer, dialect)
  const assets = await deployAssets(helpers, ethUsd)
  const oracle = await deployer.deploy('AaveOracle', [
    core.addressesProvider,
    assets.map(({ asset }) => asset),
    assets.map(({ feed }) => feed),
    zeroAddress,
    zeroAddress,
    USD,
  ])
  await deployer.send('PoolAddressesProvider', core.addressesProvider, 'setPriceOracle', [oracle])
  const reserves = await listReserves(deployer, dialect, core, assets)
  const factory = await helpers.deploy('PositionFactory', [core.pool, assets.map(({ asset }) => asset)])
  await supplyLiquidity(deployer, dialect, helpers, { pool: core.pool, factory, assets })

  const { addressesProvider, pool, configurator, dataProvider } = core
  return {
    version: dialect.version,
    ...{ pool, addressesProvider, dataProvider, oracle, configurator, fromBlock, admin, factory, reserves },
  }
}
