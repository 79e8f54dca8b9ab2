import { type Address, encodeFunctionData, type Hex, maxUint256, parseAbi, toHex } from 'viem'
import { mine } from './actions.ts'
import type { Anvil } from './anvil.ts'
import { artifactIn, compileOwn, once } from './compile.ts'
import { BTC_USD, type CometSpec, ETH_USD, type FeedSpec } from './compound-v3-spec.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import { sendTransaction } from './transaction.ts'

/** A collateral of a deployed Comet. */
export type CometCollateral = {
  readonly offset: number
  readonly symbol: string
  readonly asset: Address
  readonly feed: Address
  readonly decimals: number
  /** In the market's quote at deployment. */
  readonly price: number
  readonly borrowFactor: number
  readonly liquidateFactor: number
}

/** A deployed Comet, real or not, with tokens that anyone may mint and feeds that anyone may set. */
export type CometMarket = {
  readonly comet: Address
  readonly admin: Address
  readonly opener: Address
  readonly fromBlock: bigint
  readonly base: {
    readonly symbol: string
    readonly asset: Address
    readonly feed: Address
    readonly decimals: number
  }
  readonly collateral: Readonly<Record<string, CometCollateral>>
  /** The drivers' USD feeds. */
  readonly feeds: Readonly<Record<'ETH' | 'BTC', Address>>
}

/** What a Comet is constructed from. */
export type CometParts = {
  readonly base: { readonly asset: Address; readonly feed: Address; readonly decimals: number }
  readonly borrowMin: bigint
  readonly assets: readonly {
    readonly asset: Address
    readonly priceFeed: Address
    readonly decimals: number
    readonly borrowCollateralFactor: bigint
    readonly liquidateCollateralFactor: bigint
    readonly liquidationFactor: bigint
  }[]
}

/** Puts a Comet on the chain and says where: our stand-in, or, by hand and outside this project, the real one. */
export type PlaceComet = (anvil: Anvil, deployer: Deployer, parts: CometParts) => Promise<Address>

const compileComet = once([
  'liqbands/CometStandIn.sol',
  'liqbands/CometFeeds.sol',
  'liqbands/CometOpener.sol',
])

/** About 5 % a year at rest, 4 % more at full use, per second. */
const BORROW_RATE = [1_585_489_599n, 1_268_391_679n] as const

const wad = (fraction: number): bigint => BigInt(Math.round(fraction * 1e4)) * 10n ** 14n
const price8 = (price: number): bigint => BigInt(Math.round(price * 1e8))

/** Our own stand-in, test/chain/sol/CometStandIn.sol. */
export const placeStandIn: PlaceComet = async (_, { deploy, send }, { base, borrowMin, assets }) => {
  const list = assets.map(({ decimals, ...rest }) => ({ ...rest, scale: 10n ** BigInt(decimals) }))
  const args = [base.asset, base.feed, 10n ** BigInt(base.decimals), borrowMin, list]
  const comet = await deploy('CometStandIn', args)
  await send('CometStandIn', comet, 'setBorrowRate', BORROW_RATE)
  return comet
}

const deployFeed = async (
  { deploy }: Deployer,
  spec: FeedSpec,
  { drivers, symbol }: { readonly drivers: CometMarket['feeds']; readonly symbol: string },
): Promise<{ readonly feed: Address; readonly price: number }> => {
  const usd = { ETH: ETH_USD, BTC: BTC_USD }
  if (spec.kind === 'own')
    return { feed: await deploy('DescribedFeed', [`${symbol} / own`, price8(spec.price)]), price: spec.price }
  if (spec.kind === 'driver') return { feed: drivers[spec.of], price: usd[spec.of] }
  if (spec.kind === 'scaled')
    return { feed: await deploy('ScalingFeed', [drivers[spec.of]]), price: usd[spec.of] }
  if (spec.kind === 'product') {
    const ratio = await deploy('DescribedFeed', [`${symbol} ratio`, price8(spec.ratio)])
    return { feed: await deploy('ProductFeed', [ratio, drivers[spec.of]]), price: usd[spec.of] * spec.ratio }
  }
  const own = spec.of === 'BTC' ? BTC_USD : spec.of
  const top =
    spec.of === 'BTC' ? drivers.BTC : await deploy('DescribedFeed', [`${symbol} / USD`, price8(spec.of)])
  return { feed: await deploy('QuotientFeed', [top, drivers.ETH]), price: own / ETH_USD }
}

const deployBaseFeed = async (
  { deploy }: Deployer,
  { symbol, price }: CometSpec['base'],
  eth: Address,
): Promise<Address> => {
  if (price === 'ETH') return eth
  return price === 'constant'
    ? deploy('ConstantFeed')
    : deploy('DescribedFeed', [`${symbol} / USD`, price8(price)])
}

/** Deploys tokens, feeds and a Comet of a kind, lends it plenty of its base token, and the opener of positions. */
export const deployComet = async (
  anvil: Anvil,
  spec: CometSpec,
  place: PlaceComet = placeStandIn,
): Promise<CometMarket> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const artifacts = { ...(await compileOwn()), ...(await compileComet()) }
  const deployer = createDeployer(anvil, admin, artifactIn(artifacts))
  const { deploy, send } = deployer
  const feeds = {
    ETH: await deploy('DescribedFeed', ['ETH / USD', price8(ETH_USD)]),
    BTC: await deploy('DescribedFeed', ['BTC / USD', price8(BTC_USD)]),
  }
  const { symbol, decimals } = spec.base
  const base = {
    symbol,
    decimals,
    asset: await deploy('CometToken', [symbol, decimals]),
    feed: await deployBaseFeed(deployer, spec.base, feeds.ETH),
  }
  const collateral: Record<string, CometCollateral> = {}
  for (const [offset, one] of spec.collateral.entries()) {
    const { feed, price } = await deployFeed(deployer, one.feed, { drivers: feeds, symbol: one.symbol })
    const asset = await deploy('CometToken', [one.symbol, one.decimals])
    const { symbol, decimals, borrowFactor, liquidateFactor } = one
    collateral[symbol] = { offset, symbol, asset, feed, decimals, price, borrowFactor, liquidateFactor }
  }
  const comet = await place(anvil, deployer, {
    base,
    borrowMin: spec.borrowMin,
    assets: spec.collateral.map((one) => ({
      asset: collateral[one.symbol]?.asset ?? '0x',
      priceFeed: collateral[one.symbol]?.feed ?? '0x',
      decimals: one.decimals,
      borrowCollateralFactor: wad(one.borrowFactor),
      liquidateCollateralFactor: wad(one.liquidateFactor),
      liquidationFactor: wad(one.liquidationFactor),
    })),
  })
  const lent = 10n ** 9n * 10n ** BigInt(decimals)
  await send('CometToken', base.asset, 'mint', [admin, lent])
  await send('CometToken', base.asset, 'approve', [comet, maxUint256])
  await send('CometStandIn', comet, 'supplyTo', [admin, base.asset, lent])

  const opener = await deploy('CometOpener', [comet, base.asset])
  const tokens = Object.values(collateral).map(({ asset }) => asset)
  for (const token of tokens) await send('CometToken', token, 'mint', [opener, 10n ** 36n])
  await send('CometOpener', opener, 'approve', [tokens])
  return { comet, admin, opener, fromBlock, base, collateral, feeds }
}

const abi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function set(int256 value)',
  'function setBroken(bool broken)',
  'function supplyTo(address dst, address asset, uint256 amount)',
  'function withdrawTo(address to, address asset, uint256 amount)',
  'function transfer(address dst, uint256 amount)',
  'function transferAsset(address dst, address asset, uint256 amount)',
  'function absorb(address absorber, address[] accounts)',
  'function accrueAccount(address account)',
  'function setAbsorbPaused(bool paused)',
  'function setAsset(uint8 i, (address asset, address priceFeed, uint64 scale, uint64 borrowCollateralFactor, uint64 liquidateCollateralFactor, uint64 liquidationFactor) next)',
])

/** What accounts do at a Comet, each by its own transaction. */
export const cometActions = (anvil: Anvil, { comet, admin, base, collateral }: CometMarket) => {
  const send = async (from: Address, to: Address, data: Hex): Promise<void> => {
    await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
    await sendTransaction(anvil, { from, to, data })
  }
  const tokenOf = (symbol: string): Address => {
    const token = symbol === base.symbol ? base.asset : collateral[symbol]?.asset
    if (token === undefined) throw new Error(`no token ${symbol}`)
    return token
  }
  const feedOf = (symbol: string): Address => {
    const feed = symbol === base.symbol ? base.feed : collateral[symbol]?.feed
    if (feed === undefined) throw new Error(`no feed ${symbol}`)
    return feed
  }
  return {
    /** Base tokens or collateral, paid by `by`. */
    supply: async (account: Address, symbol: string, amount: bigint, by: Address = admin): Promise<void> => {
      const token = tokenOf(symbol)
      const minted = amount === maxUint256 ? 10n ** 30n : amount
      await send(admin, token, encodeFunctionData({ abi, functionName: 'mint', args: [by, minted] }))
      await send(by, token, encodeFunctionData({ abi, functionName: 'approve', args: [comet, maxUint256] }))
      const args = [account, token, amount] as const
      await send(by, comet, encodeFunctionData({ abi, functionName: 'supplyTo', args }))
    },
    /** Of base tokens: a loan, where the account has none left. */
    withdraw: (account: Address, symbol: string, amount: bigint, to: Address = account): Promise<void> => {
      const args = [to, tokenOf(symbol), amount] as const
      return send(account, comet, encodeFunctionData({ abi, functionName: 'withdrawTo', args }))
    },
    /** Base tokens inside Comet: a loan without a word, where the account has none left. */
    transfer: (account: Address, to: Address, amount: bigint): Promise<void> =>
      send(account, comet, encodeFunctionData({ abi, functionName: 'transfer', args: [to, amount] })),
    transferAsset: (account: Address, to: Address, symbol: string, amount: bigint): Promise<void> => {
      const args = [to, tokenOf(symbol), amount] as const
      return send(account, comet, encodeFunctionData({ abi, functionName: 'transferAsset', args }))
    },
    absorb: (account: Address): Promise<void> =>
      send(admin, comet, encodeFunctionData({ abi, functionName: 'absorb', args: [admin, [account]] })),
    accrue: (): Promise<void> =>
      send(admin, comet, encodeFunctionData({ abi, functionName: 'accrueAccount', args: [admin] })),
    setFeed: (feed: Address, answer: bigint): Promise<void> =>
      send(admin, feed, encodeFunctionData({ abi, functionName: 'set', args: [answer] })),
    setPrice: (symbol: string, answer: bigint): Promise<void> =>
      send(admin, feedOf(symbol), encodeFunctionData({ abi, functionName: 'set', args: [answer] })),
    breakFeed: (symbol: string, broken: boolean): Promise<void> =>
      send(admin, feedOf(symbol), encodeFunctionData({ abi, functionName: 'setBroken', args: [broken] })),
    /** Of the stand-in only. */
    pauseAbsorb: (paused: boolean): Promise<void> =>
      send(admin, comet, encodeFunctionData({ abi, functionName: 'setAbsorbPaused', args: [paused] })),
    /** Of the stand-in only. */
    setLiquidateFactor: (symbol: string, factor: number): Promise<void> => {
      const { offset = 0, asset, feed, decimals = 0 } = collateral[symbol] ?? {}
      if (!asset || !feed) throw new Error(`no collateral ${symbol}`)
      const next = {
        asset,
        priceFeed: feed,
        scale: 10n ** BigInt(decimals),
        borrowCollateralFactor: 0n,
        liquidateCollateralFactor: wad(factor),
        liquidationFactor: wad(0.9),
      }
      return send(admin, comet, encodeFunctionData({ abi, functionName: 'setAsset', args: [offset, next] }))
    },
    mine: (blocks: number, seconds?: number): Promise<void> => mine(anvil, blocks, seconds),
  }
}
