import { encodeAbiParameters, parseAbiParameters, zeroAddress } from 'viem'
import type { Anvil } from './anvil.ts'
import { artifactIn, compileAave } from './compile.ts'
import { type Dialect, deployMarket, type MarketOptions } from './deploy-market.ts'
import { type AaveMarket, ETH_EMODE } from './market.ts'

/** Basis points: optimal usage, base rate, slope 1, slope 2. One word each, although the struct packs them. */
const INTEREST = encodeAbiParameters(parseAbiParameters('uint256, uint256, uint256, uint256'), [
  9000n,
  200n,
  400n,
  6000n,
])

const dialect = async (): Promise<Dialect> => ({
  version: '3.6',
  artifactOf: artifactIn(await compileAave()),
  poolContract: 'PoolInstance',
  configuratorContract: 'PoolConfiguratorInstance',
  rateStrategy: (addressesProvider) => ['DefaultReserveInterestRateStrategyV2', [addressesProvider]],
  poolArgs: (addressesProvider, rateStrategy) => [addressesProvider, rateStrategy],

  reserveInputs: async ({ deploy }, { pool, treasury, assets }) => {
    const aTokenImpl = await deploy('ATokenInstance', [pool, zeroAddress, treasury])
    const variableDebtTokenImpl = await deploy('VariableDebtTokenInstance', [pool, zeroAddress])
    return assets.map(({ symbol, asset }) => ({
      aTokenImpl,
      variableDebtTokenImpl,
      underlyingAsset: asset,
      aTokenName: `Aave ${symbol}`,
      aTokenSymbol: `a${symbol}`,
      variableDebtTokenName: `Aave Variable Debt ${symbol}`,
      variableDebtTokenSymbol: `variableDebt${symbol}`,
      params: '0x',
      interestRateData: INTEREST,
    }))
  },

  openEMode: async ({ send }, configurator, assets) => {
    const { id, ltv, threshold, bonus, members } = ETH_EMODE
    const configure = (functionName: string, args: readonly unknown[]): Promise<void> =>
      send('PoolConfiguratorInstance', configurator, functionName, args)
    await configure('setEModeCategory', [id, ltv, threshold, bonus, 'ETH correlated'])
    for (const { asset } of assets.filter(({ symbol }) => members.includes(symbol))) {
      await configure('setAssetCollateralInEMode', [asset, id, true])
      await configure('setAssetBorrowableInEMode', [asset, id, true])
    }
  },
})

/** Deploys Aave v3.6 (liquid e-modes) from the sources of @aave-dao/aave-v3-origin. */
export const deployAaveV36 = async (anvil: Anvil, options: MarketOptions = {}): Promise<AaveMarket> =>
  deployMarket(anvil, await dialect(), options)
