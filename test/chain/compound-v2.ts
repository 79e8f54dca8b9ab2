import { readFileSync } from 'node:fs'
import { type Address, toFunctionSelector } from 'viem'
import { packageFile } from '../helpers/package-file.ts'
import type { Anvil } from './anvil.ts'
import { type Artifact, artifactIn, once } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'

/** Compound V2's one comptroller as Venus 0.7.0 ships it, or Venus 10.3.0: diamond, thresholds, pools, VAI. */
export type CompoundVersion = '0.7.0' | '10.3.0'

export const COMPOUND_SYMBOLS = ['WETH', 'wstETH', 'WBTC', 'USDC', 'DAI'] as const
export type CompoundSymbol = (typeof COMPOUND_SYMBOLS)[number]

/** Shares in WAD; USD of one whole token when a market opens. Only Venus 10.3.0 has the threshold beside the factor. */
export const COMPOUND_PARAMETERS: Readonly<
  Record<
    CompoundSymbol,
    { readonly decimals: number; readonly usd: number; readonly factor: bigint; readonly threshold: bigint }
  >
> = {
  WETH: { decimals: 18, usd: 3000, factor: percent(80), threshold: percent(83) },
  wstETH: { decimals: 18, usd: 3600, factor: percent(78), threshold: percent(81) },
  WBTC: { decimals: 8, usd: 60_000, factor: percent(70), threshold: percent(75) },
  USDC: { decimals: 6, usd: 1, factor: percent(82), threshold: percent(85) },
  DAI: { decimals: 18, usd: 1, factor: percent(75), threshold: percent(77) },
}

/** The pool of ETH assets in Venus 10.3.0; one more, of id 2, has no fallback to the core pool. */
export const ETH_POOL = { id: 1, factor: percent(90), threshold: percent(93) } as const
export const STRICT_POOL = { id: 2, factor: percent(70), threshold: percent(72) } as const

function percent(n: number): bigint {
  return BigInt(n) * 10n ** 16n
}

export type CompoundListing = {
  readonly symbol: CompoundSymbol
  readonly cToken: Address
  readonly asset: Address
  readonly feed: Address
  readonly decimals: number
}

/** A deployed market of one of the versions. */
export type CompoundMarket = {
  readonly version: CompoundVersion
  readonly comptroller: Address
  readonly oracle: Address
  readonly vaiController: Address | null
  readonly vai: Address | null
  readonly opener: Address
  readonly admin: Address
  readonly fromBlock: bigint
  readonly markets: Readonly<Record<CompoundSymbol, CompoundListing>>
  /** The protocol's contracts by name; `Comptroller` is the whole of it at the Unitroller's address. */
  readonly deployer: Deployer
  readonly own: Deployer
}

const compileOwn = once(['liqbands/Feeds.sol', 'liqbands/CompoundActors.sol'])

const OLD = '@venusprotocol/venus-protocol@0.7.0'
const NEW = '@venusprotocol/venus-protocol@10.3.0'

/** By name, where its artifact lies: the oracle and the tokens are the old ones in both. */
const COMMON: Readonly<Record<string, readonly [name: string, path: string]>> = {
  FaucetToken: [OLD, 'test/FaucetToken.sol'],
  VenusChainlinkOracle: [OLD, 'Oracle/VenusChainlinkOracle.sol'],
  AccessControlManagerMock: [NEW, 'test/AccessControlManagerMock.sol'],
}

const FACETS = ['MarketFacet', 'PolicyFacet', 'RewardFacet', 'SetterFacet', 'FlashLoanFacet'] as const

const placesOf = (name: string): Readonly<Record<string, readonly [name: string, path: string]>> => ({
  ...COMMON,
  Unitroller: [name, 'Comptroller/Unitroller.sol'],
  ComptrollerLens: [name, 'Lens/ComptrollerLens.sol'],
  JumpRateModel: [name, 'InterestRateModels/JumpRateModel.sol'],
  VBep20Immutable: [name, 'Tokens/VTokens/VBep20Immutable.sol'],
  ...(name === OLD
    ? { Comptroller: [OLD, 'Comptroller/Comptroller.sol'] as const }
    : {
        Diamond: [NEW, 'Comptroller/Diamond/Diamond.sol'] as const,
        VAI: [NEW, 'Tokens/VAI/VAI.sol'] as const,
        VAIUnitroller: [NEW, 'Tokens/VAI/VAIUnitroller.sol'] as const,
        VAIController: [NEW, 'Tokens/VAI/VAIController.sol'] as const,
        ...Object.fromEntries(
          FACETS.map((facet) => [facet, [NEW, `Comptroller/Diamond/facets/${facet}.sol`] as const]),
        ),
      }),
})

/** The artifacts of a version; the diamond's ABI is put together from its facets under the name `Comptroller`. */
export const compoundArtifacts = (version: CompoundVersion): ((name: string) => Artifact) => {
  const places = placesOf(version === '0.7.0' ? OLD : NEW)
  const known = new Map<string, Artifact>()
  const load = (name: string): Artifact => {
    const place = places[name]
    if (!place) throw new Error(`Venus ${version} has no contract ${name} here`)
    return JSON.parse(
      readFileSync(packageFile(place[0], `artifacts/contracts/${place[1]}/${name}.json`), 'utf8'),
    )
  }
  return (name) => {
    let artifact = known.get(name)
    if (!artifact) {
      artifact = name === 'Comptroller' && version === '10.3.0' ? diamondOf(load) : load(name)
      known.set(name, artifact)
    }
    return artifact
  }
}

const diamondOf = (load: (name: string) => Artifact): Artifact => ({
  ...load('Diamond'),
  abi: [
    ...new Map(
      ['Diamond', ...FACETS].flatMap((name) => load(name).abi).map((item) => [JSON.stringify(item), item]),
    ).values(),
  ],
})

/** What an admin call answers is 0 where it worked: these contracts refuse by an error code. */
const configure =
  (deployer: Deployer, comptroller: Address) =>
  async (functionName: string, args: readonly unknown[]): Promise<void> => {
    await deployer.send('Comptroller', comptroller, functionName, args)
  }

const deployComptroller = async (deployer: Deployer, version: CompoundVersion): Promise<Address> => {
  const unitroller = await deployer.deploy('Unitroller')
  const brain = await deployer.deploy(version === '0.7.0' ? 'Comptroller' : 'Diamond')
  await deployer.send('Unitroller', unitroller, '_setPendingImplementation', [brain])
  await deployer.send(version === '0.7.0' ? 'Comptroller' : 'Diamond', brain, '_become', [unitroller])
  if (version === '10.3.0') await cutDiamond(deployer, unitroller)
  return unitroller
}

/** Every facet's functions, each once; what the diamond has itself stays its own. */
const cutDiamond = async (deployer: Deployer, unitroller: Address): Promise<void> => {
  const selectorsIn = (name: string) =>
    compoundArtifacts('10.3.0')(name).abi.flatMap((item) =>
      item.type === 'function' ? [toFunctionSelector(item)] : [],
    )
  const taken = new Set(selectorsIn('Diamond'))
  const cuts: { facetAddress: Address; action: number; functionSelectors: readonly string[] }[] = []
  for (const facet of FACETS) {
    const functionSelectors = selectorsIn(facet).filter((selector) => !taken.has(selector))
    for (const selector of functionSelectors) taken.add(selector)
    cuts.push({ facetAddress: await deployer.deploy(facet), action: 0, functionSelectors })
  }
  await deployer.send('Diamond', unitroller, 'diamondCut', [cuts])
}

/** Per year of 10,512,000 blocks: base 500 %, as much again up to a kink at 80 %. So high, because blocks cost time here. */
const RATES = [percent(500), percent(500), percent(1000), percent(80)]

/** Tokens of each market that lie in it. */
const LIQUIDITY = 10n ** 9n

const deployVai = async (
  deployer: Deployer,
  { comptroller, accessControl }: { readonly comptroller: Address; readonly accessControl: Address },
): Promise<{ readonly vai: Address; readonly vaiController: Address }> => {
  const vai = await deployer.deploy('VAI', [1n])
  const vaiController = await deployer.deploy('VAIUnitroller')
  const brain = await deployer.deploy('VAIController')
  await deployer.send('VAIUnitroller', vaiController, '_setPendingImplementation', [brain])
  await deployer.send('VAIController', brain, '_become', [vaiController])
  const set = (functionName: string, args: readonly unknown[]): Promise<void> =>
    deployer.send('VAIController', vaiController, functionName, args)
  await set('initialize', [])
  await set('_setComptroller', [comptroller])
  await set('setAccessControl', [accessControl])
  await set('setVAIToken', [vai])
  await set('setReceiver', [deployer.from])
  await set('setMintCap', [10n ** 30n])
  await set('setBaseRate', [percent(4)])
  await deployer.send('VAI', vai, 'rely', [vaiController])
  const onComptroller = configure(deployer, comptroller)
  await onComptroller('_setVAIController', [vaiController])
  await onComptroller('_setVAIMintRate', [10_000n])
  return { vai, vaiController }
}

/** Deploys a comptroller with five markets, its oracle on settable feeds, and liquidity in each. */
export const deployCompoundV2 = async (anvil: Anvil, version: CompoundVersion): Promise<CompoundMarket> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const deployer = createDeployer(anvil, admin, compoundArtifacts(version))
  const own = createDeployer(anvil, admin, artifactIn(await compileOwn()))
  const comptroller = await deployComptroller(deployer, version)
  const set = configure(deployer, comptroller)
  const accessControl = await deployer.deploy('AccessControlManagerMock', [admin])
  const oracle = await deployer.deploy('VenusChainlinkOracle', [10n ** 9n])
  const rates = await deployer.deploy('JumpRateModel', version === '0.7.0' ? RATES : [...RATES, 10_512_000n])
  await set('_setAccessControl', [accessControl])
  await set('_setComptrollerLens', [await deployer.deploy('ComptrollerLens')])
  await set('_setPriceOracle', [oracle])
  await set('_setCloseFactor', [percent(50)])
  if (version === '0.7.0') await set('_setLiquidationIncentive', [percent(108)])
  else await set('setDeviationBoundedOracle', [await own.deploy('UnboundedOracle', [oracle])])

  const markets: Partial<Record<CompoundSymbol, CompoundListing>> = {}
  for (const symbol of COMPOUND_SYMBOLS) {
    const { decimals, usd, factor, threshold } = COMPOUND_PARAMETERS[symbol]
    const asset = await deployer.deploy('FaucetToken', [0n, symbol, decimals, symbol])
    const base = markets.WETH?.feed
    const feed =
      symbol === 'wstETH' && base
        ? await own.deploy('ComposedFeed', [base, 12n * 10n ** 17n])
        : await own.deploy('SettableFeed', [BigInt(usd) * 10n ** 8n])
    const rate = 2n * 10n ** BigInt(decimals + 8)
    const cToken = await deployer.deploy('VBep20Immutable', [
      ...[asset, comptroller, rates, rate],
      ...[`v${symbol}`, `v${symbol}`, 8, admin],
    ])
    await deployer.send('VenusChainlinkOracle', oracle, 'setFeed', [symbol, feed])
    await set('_supportMarket', [cToken])
    if (version === '0.7.0') await set('_setCollateralFactor', [cToken, factor])
    else {
      await set('setCollateralFactor', [cToken, factor, threshold])
      await set('setLiquidationIncentive', [cToken, percent(110)])
      await set('setIsBorrowAllowed', [0n, cToken, true])
    }
    await set('_setMarketSupplyCaps', [[cToken], [2n ** 255n]])
    await set('_setMarketBorrowCaps', [[cToken], [2n ** 255n]])
    markets[symbol] = { symbol, cToken, asset, feed, decimals }
    const amount = LIQUIDITY * 10n ** BigInt(decimals)
    await deployer.send('FaucetToken', asset, 'allocateTo', [admin, amount])
    await deployer.send('FaucetToken', asset, 'approve', [cToken, amount])
    await deployer.send('VBep20Immutable', cToken, 'mint', [amount])
  }
  const listed = markets as Record<CompoundSymbol, CompoundListing>
  if (version === '10.3.0') await openPools(deployer, comptroller, listed)
  const vai = version === '10.3.0' ? await deployVai(deployer, { comptroller, accessControl }) : null
  const opener = await own.deploy('CompoundOpener', [comptroller])
  const supply = { vai: vai?.vai ?? null, vaiController: vai?.vaiController ?? null }
  return {
    ...{ version, comptroller, oracle, opener, admin, fromBlock, deployer, own },
    ...supply,
    markets: listed,
  }
}

/** Pool 1: the two ETH assets, everything else by the core pool's terms. Pool 2: WBTC alone counts. */
const openPools = async (
  deployer: Deployer,
  comptroller: Address,
  markets: Readonly<Record<CompoundSymbol, CompoundListing>>,
): Promise<void> => {
  const set = configure(deployer, comptroller)
  for (const [pool, symbols] of [
    [ETH_POOL, ['WETH', 'wstETH', 'USDC']],
    [STRICT_POOL, ['WBTC', 'USDC']],
  ] as const) {
    await set('createPool', [`pool ${pool.id}`])
    const cTokens = symbols.map((symbol) => markets[symbol].cToken)
    await set('addPoolMarkets', [cTokens.map(() => pool.id), cTokens])
    for (const cToken of cTokens) {
      await set('setCollateralFactor', [pool.id, cToken, pool.factor, pool.threshold])
      await set('setLiquidationIncentive', [pool.id, cToken, percent(104)])
      await set('setIsBorrowAllowed', [pool.id, cToken, true])
    }
  }
  await set('setAllowCorePoolFallback', [ETH_POOL.id, true])
}
