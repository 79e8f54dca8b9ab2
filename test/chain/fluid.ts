import { type Address, encodeFunctionData, type Hex, parseAbi, toHex, zeroAddress } from 'viem'
import type { Anvil } from './anvil.ts'
import { artifactIn, once } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import { deployShares, type FluidShare, isShare, type ShareShape } from './fluid-shares.ts'
import { sendTransaction } from './transaction.ts'

/** Our own stand-ins, test/chain/sol/Fluid*.sol. */
const compileFluid = once([
  'liqbands/FluidStandIn.sol',
  'liqbands/FluidSmartStandIn.sol',
  'liqbands/Feeds.sol',
])

export const FEEDS = { ETH: 3000, BTC: 60_000 } as const
export type FluidFeed = keyof typeof FEEDS

/** How Fluid names the chain's own coin. */
export const NATIVE: Address = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE'

const DECIMALS = { WETH: 18, wstETH: 18, WBTC: 8, USDC: 6, USDT: 6 } as const
export type FluidToken = keyof typeof DECIMALS

/** Feeds of the tokens' own prices; dollars count 1. */
const PRICED_BY = { WETH: 'ETH', wstETH: 'wstETH', WBTC: 'BTC', USDC: null, USDT: null } as const

export type VaultSpec = {
  readonly supply: FluidToken | 'native' | FluidShare
  readonly borrow: FluidToken | 'native' | FluidShare
  /** How its oracle values what it holds and lends; of vaults with shares alone. */
  readonly shape?: ShareShape
  /** Thousandths; penalty in ten-thousandths. */
  readonly threshold: number
  readonly penalty: number
  /** 1e12. */
  readonly exchangePrices: readonly [supply: bigint, borrow: bigint]
}

export type VaultOnChain = {
  readonly vault: Address
  readonly oracle: Address
  readonly id: number
  readonly spec: VaultSpec
}

export type FluidChain = {
  readonly anvil: Anvil
  readonly admin: Address
  readonly factory: Address
  readonly feeds: Readonly<Record<FluidFeed, Address>>
  readonly tokens: Readonly<Record<FluidToken, Address>>
  readonly dexes: Readonly<Record<string, Address>>
  readonly vaults: readonly VaultOnChain[]
  readonly deployer: Deployer
}

/** Ratio of wstETH to ETH. */
const RATIO = 12n * 10n ** 17n

const kindOf = (token: FluidToken | 'native'): FluidToken => (token === 'native' ? 'WETH' : token)

/** Deploys a factory with vaults, feeds that anyone may set, and oracles on them. */
export const deployFluid = async (anvil: Anvil, specs: readonly VaultSpec[]): Promise<FluidChain> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const artifactOf = artifactIn(await compileFluid())
  const deployer = createDeployer(anvil, admin, artifactOf)
  const { deploy, send } = deployer
  const feeds = {
    ETH: await deploy('SettableFeed', [BigInt(FEEDS.ETH) * 10n ** 8n]),
    BTC: await deploy('SettableFeed', [BigInt(FEEDS.BTC) * 10n ** 8n]),
  }
  // a pair as Chainlink has it, and the one that it is over
  const pairFeeds = {
    one: await deploy('SettableFeed', [10n ** 18n]),
    still: await deploy('SettableFeed', [10n ** 8n]),
    'USDC/ETH': await deploy('FluidPairFeed', [10n ** 18n / BigInt(FEEDS.ETH), 'USDC / ETH']),
  }
  const wstETH = await deploy('RatioFeed', [feeds.ETH, RATIO])
  const usdFeeds = { ...feeds, wstETH }
  const tokens: Partial<Record<FluidToken, Address>> = {}
  for (const symbol of Object.keys(DECIMALS) as FluidToken[])
    tokens[symbol] = await deploy('FluidToken', [symbol, DECIMALS[symbol]])
  const all = tokens as Readonly<Record<FluidToken, Address>>
  const factory = await deploy('FluidFactoryStandIn')
  const sides = Object.fromEntries([...Object.entries(all), ['native', NATIVE] as const])
  const shares = await deployShares(
    { deployer, artifactOf, feeds: { ...feeds, ...pairFeeds }, sides, factory },
    specs,
  )
  const deployPlain = async (spec: VaultSpec, id: bigint) => {
    const { supply, borrow } = spec
    if (isShare(supply) || isShare(borrow)) throw new Error('a vault with shares has another oracle')
    const scale = 10n ** BigInt(27 + DECIMALS[kindOf(borrow)] - DECIMALS[kindOf(supply)])
    const feedOf = (token: FluidToken): Address => {
      const name = PRICED_BY[token]
      return name === null ? zeroAddress : usdFeeds[name]
    }
    const oracle = await deploy('FluidOracleStandIn', [feedOf(kindOf(supply)), feedOf(kindOf(borrow)), scale])
    const terms = (BigInt(oracle) << 96n) | termsOf(spec)
    const tokens = [sides[supply], sides[borrow]]
    const vault = await deploy('FluidVaultStandIn', [factory, tokens, id, spec.exchangePrices, terms])
    return { vault, oracle }
  }
  const vaults: VaultOnChain[] = []
  for (const [i, spec] of specs.entries()) {
    const { vault, oracle } = spec.shape
      ? await shares.deployVault({ ...spec, shape: spec.shape }, BigInt(i + 1), termsOf(spec))
      : await deployPlain(spec, BigInt(i + 1))
    await send('FluidFactoryStandIn', factory, 'add', [vault])
    vaults.push({ vault, oracle, id: i + 1, spec })
  }
  return { anvil, admin, factory, feeds, tokens: all, dexes: shares.dexes, vaults, deployer }
}

/** What the terms of every type have in common. */
const termsOf = ({ threshold, penalty }: VaultSpec): bigint =>
  (BigInt(threshold) << 42n) | (BigInt(penalty) << 72n)

/** A position to put on a tick; without debt where that is null. */
export type FluidPlan = {
  readonly owner: Address
  readonly tick: number | null
  /** In the vault's raw units. */
  readonly supply: bigint
  readonly dust: bigint
}

const openAbi = parseAbi([
  'struct Plan { address owner; int256 tick; uint256 supply; uint256 dust; }',
  'function open(Plan[] plans)',
])

const SUPPLY_ONLY = -(2n ** 255n)
const BATCH = 100
const GAS = 29_000_000_000n

/** Puts positions into a vault; their ids go on from those minted before. */
export const openFluid = async (
  { anvil, admin }: FluidChain,
  { vault }: VaultOnChain,
  plans: readonly FluidPlan[],
): Promise<void> => {
  for (let start = 0; start < plans.length; start += BATCH) {
    const batch = plans
      .slice(start, start + BATCH)
      .map((plan) => ({ ...plan, tick: plan.tick === null ? SUPPLY_ONLY : BigInt(plan.tick) }))
    const data = encodeFunctionData({ abi: openAbi, functionName: 'open', args: [batch] })
    await sendTransaction(anvil, { from: admin, to: vault, data, gas: GAS })
  }
}

/** What happens in a vault, each by its own transaction. */
export const fluidActions = ({ deployer, feeds, factory }: FluidChain, { vault, oracle }: VaultOnChain) => ({
  /** Leaves a share of the debt of a tick's positions, on another tick, at a 2^30th part of it. */
  liquidateTick: (from: number, to: number, share: number, partials: bigint): Promise<void> =>
    deployer.send('FluidVaultStandIn', vault, 'liquidateTick', [
      BigInt(from),
      BigInt(to),
      BigInt(Math.round(share * 1e6)) * 10n ** 12n,
      partials,
    ]),
  refuse: (refuses: boolean): Promise<void> =>
    deployer.send('FluidOracleStandIn', oracle, 'setRefuses', [refuses]),
  setFeed: (driver: FluidFeed, answer: bigint): Promise<void> =>
    deployer.send('SettableFeed', feeds[driver], 'set', [answer]),
  transfer: (id: number, to: Address): Promise<void> =>
    deployer.send('FluidFactoryStandIn', factory, 'transfer', [BigInt(id), to]),
})

const takesAbi = parseAbi(['function takes(uint256 id) view returns (bool)'])

/** Calls in one request. */
const TOGETHER = 250

/** Whether a liquidation would take of a position, each with feeds at answers of its own: the stand-in's own word. */
export const askTakes = async (
  { anvil }: FluidChain,
  questions: readonly {
    readonly vault: Address
    readonly id: bigint
    readonly answers: Readonly<Record<Address, bigint>>
  }[],
): Promise<readonly (boolean | null)[]> => {
  const verdicts: (boolean | null)[] = []
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const body = questions.slice(start, start + TOGETHER).map(({ vault, id: nft, answers }, id) => {
      const data = encodeFunctionData({ abi: takesAbi, functionName: 'takes', args: [nft] })
      // slot 0 of test/chain/sol/Feeds.sol
      const stored = (answer: bigint) => ({
        stateDiff: { [toHex(0, { size: 32 })]: toHex(answer, { size: 32 }) },
      })
      const overrides = Object.fromEntries(
        Object.entries(answers).map(([feed, answer]) => [feed, stored(answer)]),
      )
      return { jsonrpc: '2.0', id, method: 'eth_call', params: [{ to: vault, data }, 'latest', overrides] }
    })
    const response = await fetch(anvil.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly { readonly id: number; readonly result?: Hex }[]
    for (const { result } of replies.toSorted((a, b) => a.id - b.id))
      verdicts.push(result === undefined ? null : BigInt(result) === 1n)
  }
  return verdicts
}
