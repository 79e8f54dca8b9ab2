import type { Address } from 'viem'
import type { Anvil } from './anvil.ts'
import { artifactIn, once } from './compile.ts'
import {
  COMPOUND_PARAMETERS,
  COMPOUND_SYMBOLS,
  type CompoundListing,
  type CompoundMarket,
  type CompoundSymbol,
  compoundArtifacts,
} from './compound-v2.ts'
import { createDeployer } from './deployer.ts'

const compileStandIn = once([
  'liqbands/Feeds.sol',
  'liqbands/CompoundActors.sol',
  'liqbands/CompoundStandIn.sol',
])

/** The stand-ins' cTokens: by the second, by the block, with the first layout, with none that is known, and stuck. */
export type StandInToken = 'SecondsCToken' | 'BlocksCToken' | 'FirstCToken' | 'OddCToken' | 'StuckCToken'

const LIQUIDITY = 10n ** 9n

/**
 * Our stand-in of Compound V2 and Moonwell (CompoundStandIn.sol) with the five markets of the real kit, the real tokens
 * and oracle of Venus 0.7.0; its `own` deployer knows the stand-ins' contracts.
 */
export const deployCompoundStandIn = async (
  anvil: Anvil,
  tokenOf: (symbol: CompoundSymbol) => StandInToken,
): Promise<CompoundMarket> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const deployer = createDeployer(anvil, admin, compoundArtifacts('0.7.0'))
  const own = createDeployer(anvil, admin, artifactIn(await compileStandIn()))
  const oracle = await deployer.deploy('VenusChainlinkOracle', [10n ** 9n])
  const comptroller = await own.deploy('StandInComptroller', [oracle])
  const markets: Partial<Record<CompoundSymbol, CompoundListing>> = {}
  for (const symbol of COMPOUND_SYMBOLS) {
    const { decimals, usd, factor } = COMPOUND_PARAMETERS[symbol]
    const asset = await deployer.deploy('FaucetToken', [0n, symbol, decimals, symbol])
    const base = markets.WETH?.feed
    const feed =
      symbol === 'wstETH' && base
        ? await own.deploy('ComposedFeed', [base, 12n * 10n ** 17n])
        : await own.deploy('SettableFeed', [BigInt(usd) * 10n ** 8n])
    const args = [asset, comptroller, `m${symbol}`, 2n * 10n ** BigInt(decimals + 8)]
    const cToken = await own.deploy(tokenOf(symbol), args)
    await deployer.send('VenusChainlinkOracle', oracle, 'setFeed', [symbol, feed])
    await own.send('StandInComptroller', comptroller, 'list', [cToken, factor])
    markets[symbol] = { symbol, cToken, asset, feed, decimals }
    const amount = LIQUIDITY * 10n ** BigInt(decimals)
    await deployer.send('FaucetToken', asset, 'allocateTo', [admin, amount])
    await deployer.send('FaucetToken', asset, 'approve', [cToken, amount])
    await own.send('BlocksCToken', cToken, 'mint', [amount])
  }
  const opener = await own.deploy('CompoundOpener', [comptroller])
  return {
    version: '0.7.0',
    ...{ comptroller, oracle, opener, admin, fromBlock, deployer, own },
    ...{ vai: null, vaiController: null },
    markets: markets as Record<CompoundSymbol, CompoundListing>,
  }
}
