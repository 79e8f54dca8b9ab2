import { type Address, encodeFunctionData, type Hex, maxUint256, parseAbi, toHex } from 'viem'
import { mine } from './actions.ts'
import type { Anvil } from './anvil.ts'
import { artifactIn, compileOwn, once } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import { sendTransaction } from './transaction.ts'

const compileSpoke = once([
  'liqbands/SpokeStandIn.sol',
  'liqbands/HubStandIn.sol',
  'liqbands/SpokeOpener.sol',
])

export type HubName = 'core' | 'prime'

/** A reserve of the test spoke; `feed` says which driver it follows, or its own USD price. */
type ReserveSpec = {
  readonly hub: HubName
  readonly symbol: string
  readonly decimals: number
  readonly feed: 'ETH' | 'BTC' | { readonly ratio: number } | { readonly usd: number }
  readonly factor: number
  /** The largest bonus, 0.05 for 5 %. */
  readonly bonus: number
  /** Extra interest for debt on this collateral, 0.1 for a tenth. */
  readonly risk: number
  /** Interest a year. */
  readonly rate: number
}

export const ETH_USD = 3000
export const BTC_USD = 60_000

/** One token of two hubs is two reserves: USDC (2 and 7) has two prices, WETH (0 and 6) shares one feed. */
export const RESERVES = [
  { hub: 'core', symbol: 'WETH', decimals: 18, feed: 'ETH', factor: 0.83, bonus: 0.055, risk: 0, rate: 0.03 },
  {
    hub: 'core',
    symbol: 'wstETH',
    decimals: 18,
    feed: { ratio: 1.23456789 },
    factor: 0.8,
    bonus: 0.06,
    risk: 0.1,
    rate: 0.01,
  },
  {
    hub: 'core',
    symbol: 'USDC',
    decimals: 6,
    feed: { usd: 1 },
    factor: 0.78,
    bonus: 0.04,
    risk: 0.02,
    rate: 0.06,
  },
  {
    hub: 'core',
    symbol: 'WBTC',
    decimals: 8,
    feed: 'BTC',
    factor: 0.78,
    bonus: 0.05,
    risk: 0.05,
    rate: 0.02,
  },
  {
    hub: 'core',
    symbol: 'GHO',
    decimals: 18,
    feed: { usd: 0.9987 },
    factor: 0,
    bonus: 0,
    risk: 0,
    rate: 0.08,
  },
  {
    hub: 'core',
    symbol: 'LINK',
    decimals: 18,
    feed: { usd: 20 },
    factor: 0.66,
    bonus: 0.1,
    risk: 0.4,
    rate: 0.05,
  },
  { hub: 'prime', symbol: 'WETH', decimals: 18, feed: 'ETH', factor: 0.81, bonus: 0.05, risk: 0, rate: 0.04 },
  {
    hub: 'prime',
    symbol: 'USDC',
    decimals: 6,
    feed: { usd: 1.0005 },
    factor: 0.75,
    bonus: 0.04,
    risk: 0,
    rate: 0.07,
  },
] as const satisfies readonly ReserveSpec[]

/** Reserve ids of the test spoke. */
export const [WETH, WSTETH, USDC, WBTC, GHO, LINK, PRIME_WETH, PRIME_USDC] = [0, 1, 2, 3, 4, 5, 6, 7] as const

export type SpokeReserve = ReserveSpec & {
  readonly id: number
  readonly token: Address
  /** What the spoke's oracle asks. */
  readonly source: Address
  /** USD at deployment. */
  readonly usd: number
}

/** A deployed spoke, real or not, with tokens that anyone may mint and feeds that anyone may set. */
export type SpokeMarket = {
  readonly spoke: Address
  readonly oracle: Address
  readonly hubs: Readonly<Record<HubName, Address>>
  readonly admin: Address
  readonly opener: Address
  readonly fromBlock: bigint
  readonly reserves: readonly SpokeReserve[]
  readonly feeds: Readonly<Record<'ETH' | 'BTC', Address>>
}

/** Puts hubs and a spoke on the chain: our stand-ins, or, by hand and outside this project, the real ones. */
export type PlaceSpoke = (
  anvil: Anvil,
  deployer: Deployer,
  reserves: readonly SpokeReserve[],
) => Promise<Pick<SpokeMarket, 'spoke' | 'oracle' | 'hubs'>>

const bps = (share: number): number => Math.round(share * 10_000)
const MOST = 2 ** 40 - 1

/** What a reserve begins with, as `addReserve` takes it. */
export const listingOf = ({ factor, bonus, risk }: ReserveSpec) =>
  [
    {
      collateralRisk: bps(risk),
      paused: false,
      frozen: false,
      borrowable: true,
      receiveSharesEnabled: true,
    },
    { collateralFactor: bps(factor), maxLiquidationBonus: 10_000 + bps(bonus), liquidationFee: 0 },
  ] as const

/** The terms on which a hub deals with a spoke: none but the flags. */
export const lineOf = ({ active = true, halted = false } = {}) => ({
  addCap: MOST,
  drawCap: MOST,
  riskPremiumThreshold: 2 ** 24 - 1,
  active,
  halted,
})

/** Number of the asset at its hub. */
export const assetIdOf = (reserves: readonly SpokeReserve[], { id, hub }: SpokeReserve): bigint =>
  BigInt(reserves.filter((other) => other.hub === hub && other.id < id).length)

/** Our own stand-ins, test/chain/sol/{Hub,Spoke}StandIn.sol. */
export const placeStandIn: PlaceSpoke = async (_, { deploy, send, read }, reserves) => {
  const hubs = { core: await deploy('HubStandIn'), prime: await deploy('HubStandIn') }
  const spoke = await deploy('SpokeStandIn')
  for (const reserve of reserves) {
    const hub = hubs[reserve.hub]
    const rate = BigInt(bps(reserve.rate)) * 10n ** 23n
    const assetId = assetIdOf(reserves, reserve)
    await send('HubStandIn', hub, 'addAsset', [reserve.token, reserve.decimals, rate])
    await send('HubStandIn', hub, 'updateSpokeConfig', [assetId, spoke, lineOf()])
    await send('SpokeStandIn', spoke, 'addReserve', [hub, assetId, reserve.source, ...listingOf(reserve)])
  }
  return { spoke, hubs, oracle: await read<Address>('SpokeStandIn', spoke, 'ORACLE') }
}

const price8 = (usd: number): bigint => BigInt(Math.round(usd * 1e8))

/** Deploys tokens, feeds, two hubs and a spoke, lends them plenty, and the opener of positions. */
export const deploySpoke = async (anvil: Anvil, place: PlaceSpoke = placeStandIn): Promise<SpokeMarket> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const deployer = createDeployer(
    anvil,
    admin,
    artifactIn({ ...(await compileOwn()), ...(await compileSpoke()) }),
  )
  const { deploy } = deployer
  const feeds = {
    ETH: await deploy('SettableFeed', [price8(ETH_USD)]),
    BTC: await deploy('SettableFeed', [price8(BTC_USD)]),
  }
  const tokens = new Map<string, Address>()
  const reserves: SpokeReserve[] = []
  for (const [id, spec] of RESERVES.entries()) {
    const token = tokens.get(spec.symbol) ?? (await deploy('CometToken', [spec.symbol, spec.decimals]))
    tokens.set(spec.symbol, token)
    reserves.push({ ...spec, id, token, ...(await feedOf(deployer, spec, feeds)) })
  }
  const placed = await place(anvil, deployer, reserves)
  const opener = await deploy('SpokeOpener', [placed.spoke])
  const market = { ...placed, admin, opener, fromBlock, reserves, feeds }
  const act = spokeActions(anvil, market)
  await act.setLiquidation({ target: 1.04, maxBonusAt: 0.9, first: 0.5 })
  for (const { id, decimals } of reserves) await act.supply(admin, id, 10n ** BigInt(decimals + 9))
  return market
}

const feedOf = async (
  { deploy }: Deployer,
  { feed }: ReserveSpec,
  drivers: SpokeMarket['feeds'],
): Promise<{ readonly source: Address; readonly usd: number }> => {
  if (feed === 'ETH') return { source: drivers.ETH, usd: ETH_USD }
  if (feed === 'BTC') return { source: drivers.BTC, usd: BTC_USD }
  if ('usd' in feed) return { source: await deploy('SettableFeed', [price8(feed.usd)]), usd: feed.usd }
  const ratio = BigInt(Math.round(feed.ratio * 1e9)) * 10n ** 9n
  return { source: await deploy('RatioFeed', [drivers.ETH, ratio]), usd: ETH_USD * feed.ratio }
}

const abi = parseAbi([
  'struct ReserveConfig { uint24 collateralRisk; bool paused; bool frozen; bool borrowable; bool receiveSharesEnabled; }',
  'struct DynamicReserveConfig { uint16 collateralFactor; uint32 maxLiquidationBonus; uint16 liquidationFee; }',
  'struct LiquidationConfig { uint128 targetHealthFactor; uint64 healthFactorForMaxBonus; uint16 liquidationBonusFactor; }',
  'struct SpokeConfig { uint40 addCap; uint40 drawCap; uint24 riskPremiumThreshold; bool active; bool halted; }',
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function set(int256 value)',
  'function setBroken(bool broken)',
  'function supply(uint256 reserveId, uint256 amount, address onBehalfOf)',
  'function withdraw(uint256 reserveId, uint256 amount, address onBehalfOf)',
  'function borrow(uint256 reserveId, uint256 amount, address onBehalfOf)',
  'function repay(uint256 reserveId, uint256 amount, address onBehalfOf)',
  'function setUsingAsCollateral(uint256 reserveId, bool use, address onBehalfOf)',
  'function liquidationCall(uint256 collateralReserveId, uint256 debtReserveId, address user, uint256 debtToCover, bool receiveShares)',
  'function updateUserDynamicConfig(address onBehalfOf)',
  'function updateUserRiskPremium(address onBehalfOf)',
  'function setUserPositionManager(address positionManager, bool approve)',
  'function updatePositionManager(address positionManager, bool active)',
  'function updateReserveConfig(uint256 reserveId, ReserveConfig config)',
  'function updateReservePriceSource(uint256 reserveId, address priceSource)',
  'function addDynamicReserveConfig(uint256 reserveId, DynamicReserveConfig config)',
  'function updateDynamicReserveConfig(uint256 reserveId, uint32 key, DynamicReserveConfig config)',
  'function updateLiquidationConfig(LiquidationConfig config)',
  'function updateSpokeConfig(uint256 assetId, address spoke, SpokeConfig config)',
])

type Name = (typeof abi)[number]['name']

/** What accounts and governance do at a spoke, each by a transaction of its own. */
export const spokeActions = (anvil: Anvil, market: Omit<SpokeMarket, 'opener'>) => {
  const { spoke, hubs, admin, reserves, feeds } = market
  const send = async (from: Address, to: Address, functionName: Name, args: readonly unknown[]) => {
    // the tuple of each function is known to viem alone
    const data: Hex = encodeFunctionData({ abi, functionName, args } as never)
    await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
    await sendTransaction(anvil, { from, to, data })
  }
  const reserveOf = (id: number): SpokeReserve => {
    const reserve = reserves[id]
    if (!reserve) throw new Error(`no reserve ${id}`)
    return reserve
  }
  const fund = async (who: Address, id: number, amount: bigint) => {
    const { token } = reserveOf(id)
    await send(admin, token, 'mint', [who, amount])
    await send(who, token, 'approve', [spoke, maxUint256])
  }
  return {
    /** Tokens of a reserve, and the spoke's right to take them. */
    fund,
    /** Paid by the one who does it: the account, or a position manager that it has approved. */
    supply: async (account: Address, id: number, amount: bigint, by: Address = account) => {
      await fund(by, id, amount)
      await send(by, spoke, 'supply', [id, amount, account])
    },
    use: (account: Address, id: number, use = true, by: Address = account) =>
      send(by, spoke, 'setUsingAsCollateral', [id, use, account]),
    withdraw: (account: Address, id: number, amount: bigint, by: Address = account) =>
      send(by, spoke, 'withdraw', [id, amount, account]),
    borrow: (account: Address, id: number, amount: bigint, by: Address = account) =>
      send(by, spoke, 'borrow', [id, amount, account]),
    /** More than is owed repays everything. */
    repay: async (account: Address, id: number, amount: bigint, by: Address = account) => {
      await fund(by, id, amount)
      await send(by, spoke, 'repay', [id, amount, account])
    },
    approveManager: async (account: Address, manager: Address) => {
      await send(admin, spoke, 'updatePositionManager', [manager, true])
      await send(account, spoke, 'setUserPositionManager', [manager, true])
    },
    /** As much as the spoke allows. */
    liquidate: async (
      [collateral, debt]: readonly [number, number],
      account: Address,
      { by = admin, asShares = false, amount = maxUint256 } = {},
    ) => {
      await fund(by, debt, 10n ** 30n)
      await send(by, spoke, 'liquidationCall', [collateral, debt, account, amount, asShares])
    },
    refreshConfig: (account: Address) => send(account, spoke, 'updateUserDynamicConfig', [account]),
    refreshPremium: (account: Address) => send(account, spoke, 'updateUserRiskPremium', [account]),
    /** Under a new key: accounts keep their own until they act. */
    addConfig: (id: number, { factor, bonus }: { readonly factor: number; readonly bonus: number }) =>
      send(admin, spoke, 'addDynamicReserveConfig', [id, listingOf({ ...reserveOf(id), factor, bonus })[1]]),
    changeConfig: (
      id: number,
      key: number,
      { factor, bonus }: { readonly factor: number; readonly bonus: number },
    ) =>
      send(admin, spoke, 'updateDynamicReserveConfig', [
        id,
        key,
        listingOf({ ...reserveOf(id), factor, bonus })[1],
      ]),
    configure: (
      id: number,
      change: { readonly paused?: boolean; readonly frozen?: boolean; readonly risk?: number },
    ) => {
      const { risk, ...flags } = change
      const [config] = listingOf({ ...reserveOf(id), ...(risk !== undefined && { risk }) })
      return send(admin, spoke, 'updateReserveConfig', [id, { ...config, ...flags }])
    },
    setLine: (id: number, line: Parameters<typeof lineOf>[0]) =>
      send(admin, hubs[reserveOf(id).hub], 'updateSpokeConfig', [
        assetIdOf(reserves, reserveOf(id)),
        spoke,
        lineOf(line),
      ]),
    setLiquidation: ({ target, maxBonusAt, first }: Record<'target' | 'maxBonusAt' | 'first', number>) =>
      send(admin, spoke, 'updateLiquidationConfig', [
        {
          targetHealthFactor: BigInt(bps(target)) * 10n ** 14n,
          healthFactorForMaxBonus: BigInt(bps(maxBonusAt)) * 10n ** 14n,
          liquidationBonusFactor: bps(first),
        },
      ]),
    setDriver: (driver: 'ETH' | 'BTC', answer: bigint) => send(admin, feeds[driver], 'set', [answer]),
    setPrice: (id: number, answer: bigint) => send(admin, reserveOf(id).source, 'set', [answer]),
    breakFeed: (id: number, broken = true) => send(admin, reserveOf(id).source, 'setBroken', [broken]),
    mine: (blocks: number, seconds?: number) => mine(anvil, blocks, seconds),
  }
}
