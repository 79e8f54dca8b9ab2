import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import {
  type Address,
  encodeFunctionData,
  maxUint256,
  parseAbi,
  parseEventLogs,
  type RpcLog,
  toHex,
  zeroAddress,
} from 'viem'
import { packageFile } from '../helpers/package-file.ts'
import type { Anvil } from './anvil.ts'
import { type Artifact, artifactIn, once } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import { RESERVE_PARAMETERS, RESERVE_SYMBOLS, type Reserve, type ReserveSymbol } from './market.ts'
import { type PositionPlan, toWord } from './position-word.ts'
import { sendTransaction } from './transaction.ts'

const PACKAGE = '@aave/protocol-v2@1.0.1'

export type AaveV2Reserve = Reserve & { readonly stableDebtToken: Address }

/** A deployed Aave V2 market. */
export type AaveV2Market = {
  readonly pool: Address
  readonly addressesProvider: Address
  readonly dataProvider: Address
  readonly oracle: Address
  readonly configurator: Address
  readonly rateOracle: Address
  readonly fromBlock: bigint
  readonly admin: Address
  readonly factory: Address
  /** Feeds in USD that stand on no reserve. */
  readonly ethUsd: Address
  readonly btcUsd: Address
  /** What one unit of `base` is called: prices of the oracle are in ETH (1e18) or USD (1e8). */
  readonly base: 'ETH' | 'USD'
  readonly reserves: Readonly<Record<ReserveSymbol, AaveV2Reserve>>
  readonly deployer: Deployer
  readonly own: Deployer
}

/** USD of one token when a market opens. */
export const V2_PRICES: Readonly<Record<ReserveSymbol, number>> = {
  WETH: 3000,
  wstETH: 3600,
  WBTC: 60_000,
  USDC: 1,
  DAI: 1,
}

const compileHelpers = once([
  'liqbands/Feeds.sol',
  'liqbands/AaveV2Positions.sol',
  'liqbands/AaveV2StandIns.sol',
])

/** Artifacts by name; the package has one folder a contract. */
const artifactReader = (): ((name: string) => Artifact) => {
  const root = packageFile(PACKAGE, 'artifacts/contracts')
  const files = new Map(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json') && !file.endsWith('.dbg.json'))
      .map((file) => [path.basename(file, '.json'), path.join(root, file)] as const),
  )
  const read = new Map<string, Artifact>()
  return (name) => {
    const known = read.get(name)
    if (known !== undefined) return known
    const file = files.get(name)
    if (file === undefined) throw new Error(`${PACKAGE} has no contract ${name}`)
    const artifact: Artifact = JSON.parse(readFileSync(file, 'utf8'))
    read.set(name, artifact)
    return artifact
  }
}

/** Basis points to ray. */
const ray = (basisPoints: bigint): bigint => basisPoints * 10n ** 23n

/** Optimal usage, base rate, slopes of the variable rate, slopes of the stable one. */
const INTEREST = [9000n, 200n, 400n, 6000n, 200n, 6000n].map(ray)

const TREASURY: Address = '0x00000000000000000000000000000000000fee00'

/** Tokens of each reserve that lie in the Pool. */
const LIQUIDITY = 10n ** 11n

/** An oracle's price in its base: 1e18 ETH or 1e8 USD. */
export const inBase = (base: 'ETH' | 'USD', usd: number, ethUsd: number): bigint =>
  base === 'USD'
    ? BigInt(Math.round(usd * 1e8))
    : (BigInt(Math.round(usd * 1e8)) * 10n ** 18n) / BigInt(Math.round(ethUsd * 1e8))

/** Deploys Aave V2 from the artifacts of its package: five reserves, liquidity and the position factory. */
export const deployAaveV2 = async (
  anvil: Anvil,
  { base = 'ETH', ethUsd = V2_PRICES.WETH }: { readonly base?: 'ETH' | 'USD'; readonly ethUsd?: number } = {},
): Promise<AaveV2Market> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const deployer = createDeployer(anvil, admin, artifactReader())
  const own = createDeployer(anvil, admin, artifactIn(await compileHelpers()))
  const { deploy, read, send } = deployer

  const addressesProvider = await deploy('LendingPoolAddressesProvider', ['liqbands'])
  const provide = (functionName: string, value: Address): Promise<void> =>
    send('LendingPoolAddressesProvider', addressesProvider, functionName, [value])
  await provide('setLendingPoolImpl', await deploy('LendingPool'))
  await provide('setPoolAdmin', admin)
  await provide('setEmergencyAdmin', admin)
  await provide('setLendingPoolConfiguratorImpl', await deploy('LendingPoolConfigurator'))
  await provide('setLendingPoolCollateralManager', await deploy('LendingPoolCollateralManager'))
  const rateOracle = await deploy('LendingRateOracle')
  await provide('setLendingRateOracle', rateOracle)
  const [pool, configurator] = await Promise.all(
    ['getLendingPool', 'getLendingPoolConfigurator'].map((name) =>
      read<Address>('LendingPoolAddressesProvider', addressesProvider, name),
    ),
  )
  if (!pool || !configurator) throw new Error('unreachable')

  const feed = (answer: bigint): Promise<Address> => own.deploy('SettableFeed', [answer])
  const usd = (symbol: ReserveSymbol): number =>
    ({ ...V2_PRICES, WETH: ethUsd, wstETH: 1.2 * ethUsd })[symbol]
  const assets: { symbol: ReserveSymbol; asset: Address; feed: Address; decimals: number }[] = []
  for (const symbol of RESERVE_SYMBOLS) {
    const { decimals } = RESERVE_PARAMETERS[symbol]
    const asset = await deploy('MintableERC20', [symbol, symbol, decimals])
    assets.push({ symbol, asset, feed: await feed(inBase(base, usd(symbol), ethUsd)), decimals })
  }
  const weth = assets[0]?.asset ?? zeroAddress
  const listed = base === 'ETH' ? assets.slice(1) : assets
  const sources = [listed.map(({ asset }) => asset), listed.map(({ feed }) => feed)] as const
  const oracle =
    base === 'ETH'
      ? await deploy('AaveOracle', [...sources, zeroAddress, weth])
      : await own.deploy('BaseOracle', [...sources, zeroAddress, 10n ** 8n])
  await provide('setPriceOracle', oracle)

  const reserves: Partial<Record<ReserveSymbol, AaveV2Reserve>> = {}
  const context = { deployer, addressesProvider, pool, configurator, rateOracle }
  for (const asset of assets) reserves[asset.symbol] = { ...asset, ...(await listReserve(context, asset)) }
  const factory = await own.deploy('AaveV2PositionFactory', [pool, assets.map(({ asset }) => asset)])
  for (const { asset, decimals } of assets) {
    const amount = LIQUIDITY * 10n ** BigInt(decimals)
    await send('MintableERC20', asset, 'mint', [amount])
    await send('MintableERC20', asset, 'approve', [pool, maxUint256])
    await send('LendingPool', pool, 'deposit', [asset, amount, admin, 0])
  }
  return {
    ...{ pool, addressesProvider, oracle, configurator, rateOracle, fromBlock, admin, factory, base },
    dataProvider: await deploy('AaveProtocolDataProvider', [addressesProvider]),
    ethUsd: await feed(BigInt(Math.round(ethUsd * 1e8))),
    btcUsd: await feed(BigInt(Math.round(V2_PRICES.WBTC * 1e8))),
    reserves: reserves as Record<ReserveSymbol, AaveV2Reserve>,
    ...{ deployer, own },
  }
}

type Listing = {
  readonly deployer: Deployer
  readonly addressesProvider: Address
  readonly pool: Address
  readonly configurator: Address
  readonly rateOracle: Address
}

/** The tokens of a reserve, which the package deploys one by one with constructor arguments. */
const listReserve = async (
  { deployer, addressesProvider, pool, configurator, rateOracle }: Listing,
  { symbol, asset, decimals }: { symbol: ReserveSymbol; asset: Address; decimals: number },
) => {
  const { deploy, read, send } = deployer
  const configure = (functionName: string, args: readonly unknown[]): Promise<void> =>
    send('LendingPoolConfigurator', configurator, functionName, args)
  await send('LendingRateOracle', rateOracle, 'setMarketBorrowRate', [asset, ray(300n)])
  const names = [symbol, symbol, zeroAddress]
  await configure('initReserve', [
    await deploy('AToken', [pool, asset, TREASURY, ...names]),
    await deploy('StableDebtToken', [pool, asset, ...names]),
    await deploy('VariableDebtToken', [pool, asset, ...names]),
    decimals,
    await deploy('DefaultReserveInterestRateStrategy', [addressesProvider, ...INTEREST]),
  ])
  const { ltv, threshold, bonus } = RESERVE_PARAMETERS[symbol]
  await configure('configureReserveAsCollateral', [asset, ltv, threshold, bonus])
  await configure('enableBorrowingOnReserve', [asset, true])
  await configure('setReserveFactor', [asset, 1000n])
  const { aTokenAddress, stableDebtTokenAddress, variableDebtTokenAddress } = await read<
    Record<'aTokenAddress' | 'stableDebtTokenAddress' | 'variableDebtTokenAddress', Address>
  >('LendingPool', pool, 'getReserveData', [asset])
  return {
    aToken: aTokenAddress,
    stableDebtToken: stableDebtTokenAddress,
    variableDebtToken: variableDebtTokenAddress,
  }
}

/** A plan whose debts may be at the stable rate, by their place. */
export type V2Plan = Omit<PositionPlan, 'eMode'> & { readonly stable: readonly boolean[] }

const factoryAbi = parseAbi(['function open(uint256[] words)', 'event Opened(address[] accounts)'])

/** Opens positions as planned in one transaction; the borrowers come in the order of the plans. */
export const openV2Plans = async (
  anvil: Anvil,
  { factory, admin }: AaveV2Market,
  plans: readonly V2Plan[],
): Promise<readonly Address[]> => {
  const words = plans.map(({ stable, ...plan }) =>
    toWord({ ...plan, eMode: (stable[0] ? 1 : 0) + (stable[1] ? 2 : 0) }),
  )
  const data = encodeFunctionData({ abi: factoryAbi, functionName: 'open', args: [words] })
  const { blockNumber } = await sendTransaction(anvil, {
    from: admin,
    to: factory,
    data,
    gas: 29_000_000_000n,
  })
  const filter = { address: factory, fromBlock: blockNumber, toBlock: blockNumber }
  const logs = await anvil.rpc<RpcLog[]>('eth_getLogs', [filter])
  return parseEventLogs({ abi: factoryAbi, logs }).flatMap(({ args }) => args.accounts)
}

/** Sends as anybody. */
export const sendAs = async (
  anvil: Anvil,
  from: Address,
  { to, data }: { readonly to: Address; readonly data: `0x${string}` },
): Promise<void> => {
  await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
  await sendTransaction(anvil, { from, to, data })
}
