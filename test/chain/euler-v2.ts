import {
  type Address,
  concatHex,
  decodeFunctionResult,
  encodeFunctionData,
  getAddress,
  type Hex,
  maxUint256,
  numberToHex,
  toHex,
  zeroAddress,
} from 'viem'
import { mine } from './actions.ts'
import type { Anvil } from './anvil.ts'
import { artifactIn, compileOwn, once } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import { eulerAbi } from './euler-v2-abi.ts'
import { sendTransaction } from './transaction.ts'

const DECIMALS = { WETH: 18, wstETH: 18, WBTC: 8, USDC: 6, DAI: 18 } as const
export type EulerSymbol = keyof typeof DECIMALS | 'SDAI'

const FEEDS = { ETH: 3000, BTC: 60_000, USDC: 1, DAI: 1 } as const
export type EulerFeed = keyof typeof FEEDS

/** wstETH in WETH, 18 decimals. */
const STAKED = 1_187_654_321_098_765_432n

export const DOLLAR: Address = '0x0000000000000000000000000000000000000348'

/** Puts the protocol on the chain: our stand-in, or, by hand and outside this project, the real one. */
export type PlaceEuler = (
  deployer: Deployer,
  anvil: Anvil,
) => Promise<{
  readonly evc: Address
  readonly factory: Address
  readonly router: () => Promise<Address>
  readonly feedAdapter: (base: Address, quote: Address, feed: Address) => Promise<Address>
  readonly rateAdapter: (base: Address, quote: Address, rate: bigint) => Promise<Address>
  readonly cross: (pair: readonly [Address, Address, Address, Address, Address]) => Promise<Address>
}>

/** Our own stand-ins, test/chain/sol/EulerStandIn.sol and EulerOracles.sol. */
export const placeEulerStandIn: PlaceEuler = async ({ deploy }) => {
  const evc = await deploy('EulerStandInEvc')
  return {
    evc,
    factory: await deploy('EulerStandInFactory', [evc]),
    router: () => deploy('EulerStandInRouter'),
    feedAdapter: (...args) => deploy('EulerStandInFeedAdapter', args),
    rateAdapter: (...args) => deploy('EulerStandInRateAdapter', args),
    cross: (args) => deploy('EulerStandInCross', args),
  }
}

const compileEuler = once(['liqbands/EulerStandIn.sol', 'liqbands/EulerOracles.sol'])

/** A vault by name, as a kit knows it. */
type VaultSpec = {
  readonly asset: EulerSymbol
  readonly router: 'USD' | 'WETH' | 'WBTC'
  /** Instead of that router's own contract. */
  readonly oracle?: Address
  /** Without interest. */
  readonly free?: true
  /** Loan-to-values of collateral vaults: for new loans and for liquidations, 1e-4. */
  readonly accepts: Readonly<Record<string, readonly [borrow: number, liquidation: number]>>
}

const NONE = {}

/** What a small cluster looks like: escrows, dollars, and vaults that count in WETH and in WBTC. */
const VAULTS: Readonly<Record<string, VaultSpec>> = {
  eWETH: {
    asset: 'WETH',
    router: 'USD',
    accepts: { eUSDC: [7900, 8100], ewstETH: [9200, 9400], eWBTC: [7500, 7800] },
  },
  eUSDC: {
    asset: 'USDC',
    router: 'USD',
    accepts: {
      eWETH: [8300, 8500],
      ewstETH: [8000, 8250],
      eWBTC: [8000, 8200],
      eDAI: [9300, 9500],
      eSDAI: [9000, 9200],
    },
  },
  eDAI: {
    asset: 'DAI',
    router: 'USD',
    accepts: { eWETH: [8100, 8300], eWBTC: [7800, 8000], eUSDC: [9200, 9400] },
  },
  ewstETH: { asset: 'wstETH', router: 'USD', accepts: NONE },
  eWBTC: { asset: 'WBTC', router: 'USD', accepts: NONE },
  eSDAI: { asset: 'SDAI', router: 'USD', accepts: NONE },
  ethWETH: {
    asset: 'WETH',
    router: 'WETH',
    accepts: { ewstETH: [9300, 9500], eUSDC: [8000, 8300], eWBTC: [7800, 8000] },
  },
  ethUSDC: { asset: 'USDC', router: 'WETH', accepts: { eWETH: [8400, 8600] } },
  btcWBTC: { asset: 'WBTC', router: 'WBTC', accepts: { eWETH: [7500, 7700], eUSDC: [7500, 7900] } },
}

/** Euler with tokens that anyone may mint and feeds that anyone may set. */
export type EulerChain = {
  readonly anvil: Anvil
  readonly deployer: Deployer
  readonly evc: Address
  readonly factory: Address
  readonly fromBlock: bigint
  readonly admin: Address
  readonly depositor: Address
  readonly tokens: Readonly<Record<EulerSymbol, Address>>
  readonly feeds: Readonly<Record<EulerFeed, Address>>
  readonly routers: Readonly<Record<VaultSpec['router'], Address>>
  readonly vaults: Readonly<Record<string, Address>>
  readonly send: (
    to: Address,
    functionName: string,
    args: readonly unknown[],
    from?: Address,
  ) => Promise<void>
  readonly create: (name: string, spec: Omit<VaultSpec, 'accepts'>) => Promise<Address>
}

/** About 4 % a year, per second, ray. */
const RATE = 1_243_680_656_318_820_312n

/** An account's loan: what it deposits, and what it borrows from its controller, in raw units of the assets. */
export type EulerPlan = {
  readonly vault: string
  readonly collateral: Readonly<Record<string, bigint>>
  readonly borrow: bigint
}

/** One of an owner's 256 accounts. */
export const subAccount = (owner: Address, index: number): Address =>
  getAddress(numberToHex(BigInt(owner) ^ BigInt(index), { size: 20 }))

/** Deploys everything, lists the collaterals, and lends plenty of every asset. */
export const deployEuler = async (
  anvil: Anvil,
  place: PlaceEuler = placeEulerStandIn,
): Promise<EulerChain> => {
  const [first] = await anvil.rpc<Address[]>('eth_accounts')
  if (first === undefined) throw new Error('anvil has no account to deploy from')
  const admin = getAddress(first)
  const deployer = createDeployer(
    anvil,
    admin,
    artifactIn({ ...(await compileOwn()), ...(await compileEuler()) }),
  )
  const { deploy } = deployer
  const fromBlock = BigInt(await anvil.rpc<Hex>('eth_blockNumber')) + 1n
  const send: EulerChain['send'] = async (to, functionName, args, from = admin) => {
    if (from !== admin) await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
    const data = encodeFunctionData({ abi: eulerAbi, functionName, args } as never)
    await sendTransaction(anvil, { from, to, data })
  }
  const placed = await place(deployer, anvil)
  const tokens: Partial<Record<EulerSymbol, Address>> = {}
  for (const [symbol, decimals] of Object.entries(DECIMALS))
    tokens[symbol as EulerSymbol] = await deploy('EulerToken', [symbol, decimals])
  const token = (symbol: EulerSymbol): Address => tokens[symbol] ?? zeroAddress
  tokens.SDAI = await deploy('EulerSavings', ['SDAI', token('DAI')])
  const feeds: Partial<Record<EulerFeed, Address>> = {}
  for (const [name, usd] of Object.entries(FEEDS))
    feeds[name as EulerFeed] = await deploy('SettableFeed', [BigInt(usd) * 10n ** 8n])
  const feed = (name: EulerFeed): Address => feeds[name] ?? zeroAddress

  const dollars = {
    WETH: await placed.feedAdapter(token('WETH'), DOLLAR, feed('ETH')),
    WBTC: await placed.feedAdapter(token('WBTC'), DOLLAR, feed('BTC')),
    USDC: await placed.feedAdapter(token('USDC'), DOLLAR, feed('USDC')),
    DAI: await placed.feedAdapter(token('DAI'), DOLLAR, feed('DAI')),
  }
  const staked = await placed.rateAdapter(token('wstETH'), token('WETH'), STAKED)
  const over = (
    base: EulerSymbol,
    quote: Address,
    by: readonly [Address, Address],
    cross: Address = DOLLAR,
  ) => placed.cross([token(base), cross, quote, ...by])
  const [weth, wbtc] = [token('WETH'), token('WBTC')]
  const configs: readonly (readonly [VaultSpec['router'], EulerSymbol, Address])[] = [
    ['USD', 'WETH', dollars.WETH],
    ['USD', 'WBTC', dollars.WBTC],
    ['USD', 'USDC', dollars.USDC],
    ['USD', 'DAI', dollars.DAI],
    ['USD', 'wstETH', await over('wstETH', DOLLAR, [staked, dollars.WETH], weth)],
    ['WETH', 'wstETH', staked],
    ['WETH', 'USDC', await over('USDC', weth, [dollars.USDC, dollars.WETH])],
    ['WETH', 'WBTC', await over('WBTC', weth, [dollars.WBTC, dollars.WETH])],
    ['WBTC', 'WETH', await over('WETH', wbtc, [dollars.WETH, dollars.WBTC])],
    ['WBTC', 'USDC', await over('USDC', wbtc, [dollars.USDC, dollars.WBTC])],
  ]
  const routers = { USD: await placed.router(), WETH: await placed.router(), WBTC: await placed.router() }
  const units = { USD: DOLLAR, WETH: weth, WBTC: wbtc }
  for (const [router, base, oracle] of configs)
    await send(routers[router], 'govSetConfig', [token(base), units[router], oracle])

  const rates = await deploy('EulerRates', [RATE])
  const vaults: Record<string, Address> = {}
  const read = async <T>(to: Address, functionName: string, args: readonly unknown[] = []): Promise<T> => {
    const data = encodeFunctionData({ abi: eulerAbi, functionName, args } as never)
    const answer = await anvil.rpc<Hex>('eth_call', [{ to, data }, 'latest'])
    return decodeFunctionResult({ abi: eulerAbi, functionName, data: answer } as never) as T
  }
  const create: EulerChain['create'] = async (name, { asset, router, oracle, free }) => {
    const data = concatHex([token(asset), oracle ?? routers[router], units[router]])
    await send(placed.factory, 'createProxy', [zeroAddress, true, data])
    const length = await read<bigint>(placed.factory, 'getProxyListLength')
    const [vault = zeroAddress] = await read<Address[]>(placed.factory, 'getProxyListSlice', [
      length - 1n,
      length,
    ])
    vaults[name] = getAddress(vault)
    await send(vault, 'setHookConfig', [zeroAddress, 0])
    await send(vault, 'setMaxLiquidationDiscount', [1500])
    await send(vault, 'setLiquidationCoolOffTime', [1])
    if (!free) await send(vault, 'setInterestRateModel', [rates])
    return getAddress(vault)
  }
  for (const [name, spec] of Object.entries(VAULTS)) await create(name, spec)
  for (const router of Object.values(routers)) {
    for (const vault of Object.values(vaults)) await send(router, 'govSetResolvedVault', [vault, true])
    await send(router, 'govSetResolvedVault', [token('SDAI'), true])
  }
  for (const [name, { accepts }] of Object.entries(VAULTS))
    for (const [collateral, [borrow, liquidation]] of Object.entries(accepts))
      await send(vaults[name] ?? zeroAddress, 'setLTV', [vaults[collateral], borrow, liquidation, 0])
  const chain: EulerChain = {
    anvil,
    deployer,
    evc: placed.evc,
    factory: placed.factory,
    fromBlock,
    admin,
    depositor: await deploy('EulerDepositor'),
    tokens: tokens as EulerChain['tokens'],
    feeds: feeds as EulerChain['feeds'],
    routers,
    vaults,
    send,
    create,
  }
  const lenders = Object.entries(VAULTS).map(([name, { asset }]) => ({
    vault: vaults[name],
    receiver: admin,
    amount: 10n ** 9n * 10n ** BigInt(asset === 'SDAI' ? 18 : DECIMALS[asset]),
  }))
  await deployer.send('EulerDepositor', chain.depositor, 'deposit', [lenders])
  return chain
}

/** Address of a vault of the kit. */
export const vaultOf = ({ vaults }: Pick<EulerChain, 'vaults'>, name: string): Address => {
  const vault = vaults[name]
  if (vault === undefined) throw new Error(`no vault ${name}`)
  return vault
}

export const eulerKey = (chain: EulerChain, vault: string, account: Address): string =>
  `${vaultOf(chain, vault)}:${account}`

/** An item of a batch of the EVC: of the EVC itself, or of a vault on behalf of an account. */
const item = (to: Address, account: Address, functionName: string, args: readonly unknown[]) => ({
  targetContract: to,
  onBehalfOfAccount: account,
  value: 0n,
  data: encodeFunctionData({ abi: eulerAbi, functionName, args } as never),
})

/** What an owner does in one transaction on behalf of its accounts. */
export const batch = (
  { evc, send }: EulerChain,
  owner: Address,
  items: readonly (readonly [
    to: Address,
    account: Address,
    functionName: string,
    args: readonly unknown[],
  ])[],
): Promise<void> =>
  send(
    evc,
    'batch',
    [items.map(([to, account, name, args]) => item(to, to === evc ? zeroAddress : account, name, args))],
    owner,
  )

/** Deposits assets for accounts, whoever owns them. */
export const depositFor = async (
  chain: EulerChain,
  deposits: readonly { readonly vault: string; readonly receiver: Address; readonly amount: bigint }[],
): Promise<void> => {
  const all = deposits.map(({ vault, receiver, amount }) => ({
    vault: vaultOf(chain, vault),
    receiver,
    amount,
  }))
  for (let i = 0; i < all.length; i += 100)
    await chain.deployer.send('EulerDepositor', chain.depositor, 'deposit', [all.slice(i, i + 100)])
}

/** Opens the planned loans: up to eight accounts an owner, the owner's own among them; they come in the order of the plans. */
export const openEulerPositions = async (
  chain: EulerChain,
  plans: readonly EulerPlan[],
  { first = 0, each = 8 }: { readonly first?: number; readonly each?: number } = {},
): Promise<readonly Address[]> => {
  const ownerOf = (i: number) =>
    getAddress(
      numberToHex((0xe01e7n << 136n) + (BigInt(first + Math.floor(i / each)) << 16n) + 0x5an, { size: 20 }),
    )
  const accounts = plans.map((_, i) => subAccount(ownerOf(i), i % each))
  await depositFor(
    chain,
    plans.flatMap(({ collateral }, i) =>
      Object.entries(collateral).map(([vault, amount]) => ({
        vault,
        receiver: accounts[i] ?? zeroAddress,
        amount,
      })),
    ),
  )
  for (let i = 0; i < plans.length; i += each) {
    const owner = ownerOf(i)
    await batch(
      chain,
      owner,
      plans.slice(i, i + each).flatMap(({ vault, collateral, borrow }, j) => {
        const account = accounts[i + j] ?? zeroAddress
        return [
          ...Object.keys(collateral).map(
            (name) => [chain.evc, account, 'enableCollateral', [account, vaultOf(chain, name)]] as const,
          ),
          [chain.evc, account, 'enableController', [account, vaultOf(chain, vault)]] as const,
          ...(borrow === 0n ? [] : [[vaultOf(chain, vault), account, 'borrow', [borrow, owner]] as const]),
        ]
      }),
    )
  }
  return accounts
}

export const setEulerFeed = ({ feeds, send }: EulerChain, feed: EulerFeed, answer: bigint): Promise<void> =>
  send(feeds[feed], 'set', [answer])

/** Gives an account tokens, and a vault the right to take them. */
export const giveTokens = async (
  chain: EulerChain,
  {
    to,
    symbol,
    vault,
    amount,
  }: { readonly to: Address; readonly symbol: EulerSymbol; readonly vault: string; readonly amount: bigint },
): Promise<void> => {
  await chain.send(chain.tokens[symbol], 'mint', [to, amount])
  await chain.send(chain.tokens[symbol], 'approve', [vaultOf(chain, vault), maxUint256], to)
}

export const mineEuler = ({ anvil }: EulerChain, blocks: number, seconds?: number): Promise<void> =>
  mine(anvil, blocks, seconds)
