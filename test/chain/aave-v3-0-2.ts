import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { zeroAddress } from 'viem'
import type { Anvil } from './anvil.ts'
import type { Artifact } from './compile.ts'
import { type Dialect, deployMarket, type MarketOptions } from './deploy-market.ts'
import { type AaveMarket, ETH_EMODE } from './market.ts'

const require = createRequire(import.meta.url)

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  'protocol/configuration': ['PoolAddressesProvider', 'ACLManager'],
  'protocol/pool': ['Pool', 'PoolConfigurator', 'DefaultReserveInterestRateStrategy'],
  'protocol/tokenization': ['AToken', 'VariableDebtToken', 'StableDebtToken'],
  misc: ['AaveOracle', 'AaveProtocolDataProvider'],
}

const LIBRARIES = 'protocol/libraries/logic'

/** An artifact of the package: 5 MB of JSON in all, so that each is read once. */
const artifactReader = (): ((name: string) => Artifact) => {
  const root = path.dirname(require.resolve('@aave/core-v3/package.json'))
  const read = new Map<string, Artifact>()
  return (name) => {
    const known = read.get(name)
    if (known !== undefined) return known
    const [folder = LIBRARIES] = Object.entries(FOLDERS).find(([, names]) => names.includes(name)) ?? []
    const file = path.join(root, 'artifacts/contracts', folder, `${name}.sol`, `${name}.json`)
    const artifact: Artifact = JSON.parse(readFileSync(file, 'utf8'))
    read.set(name, artifact)
    return artifact
  }
}

/** Basis points to ray. */
const ray = (basisPoints: bigint): bigint => basisPoints * 10n ** 23n

/** Optimal usage, base rate, slope 1 and 2; then the same for the stable rate, which nobody uses here. */
const INTEREST = [9000n, 200n, 400n, 6000n, 50n, 6000n, 100n, 800n, 2000n].map(ray)

const dialect = (): Dialect => ({
  version: '3.0.2',
  artifactOf: artifactReader(),
  poolContract: 'Pool',
  configuratorContract: 'PoolConfigurator',
  rateStrategy: (addressesProvider) => [
    'DefaultReserveInterestRateStrategy',
    [addressesProvider, ...INTEREST],
  ],
  poolArgs: (addressesProvider) => [addressesProvider],

  reserveInputs: async ({ deploy }, { pool, treasury, rateStrategy, assets }) => {
    const aTokenImpl = await deploy('AToken', [pool])
    const stableDebtTokenImpl = await deploy('StableDebtToken', [pool])
    const variableDebtTokenImpl = await deploy('VariableDebtToken', [pool])
    return assets.map(({ symbol, asset, decimals }) => ({
      aTokenImpl,
      stableDebtTokenImpl,
      variableDebtTokenImpl,
      underlyingAssetDecimals: decimals,
      interestRateStrategyAddress: rateStrategy,
      underlyingAsset: asset,
      treasury,
      incentivesController: zeroAddress,
      aTokenName: `Aave ${symbol}`,
      aTokenSymbol: `a${symbol}`,
      variableDebtTokenName: `Aave Variable Debt ${symbol}`,
      variableDebtTokenSymbol: `variableDebt${symbol}`,
      stableDebtTokenName: `Aave Stable Debt ${symbol}`,
      stableDebtTokenSymbol: `stableDebt${symbol}`,
      params: '0x10',
    }))
  },

  openEMode: async ({ send }, configurator, assets) => {
    const { id, ltv, threshold, bonus, members } = ETH_EMODE
    const configure = (functionName: string, args: readonly unknown[]): Promise<void> =>
      send('PoolConfigurator', configurator, functionName, args)
    // The zero address: no price of its own, each asset keeps its feed.
    await configure('setEModeCategory', [id, ltv, threshold, bonus, zeroAddress, 'ETH correlated'])
    for (const { asset } of assets.filter(({ symbol }) => members.includes(symbol))) {
      await configure('setAssetEModeCategory', [asset, id])
    }
  },
})

/** Deploys Aave v3.0.2 from the artifacts of @aave/core-v3. */
export const deployAaveV302 = (anvil: Anvil, options: MarketOptions = {}): Promise<AaveMarket> =>
  deployMarket(anvil, dialect(), options)
