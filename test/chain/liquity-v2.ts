import { type Address, encodeFunctionData, getAddress, type Hex, parseAbi, toHex } from 'viem'
import { mine } from './actions.ts'
import type { Anvil } from './anvil.ts'
import { artifactIn, once } from './compile.ts'
import { createDeployer } from './deployer.ts'
import { createRandom } from './random.ts'
import { sendTransaction } from './transaction.ts'

const compileBold = once(['liqbands/BoldStandIn.sol'])

/** Our stand-in's branches, in their order: three as on Ethereum, then what a failed feed leaves of two more. */
export const BOLD_BRANCHES = ['WETH', 'wstETH', 'rETH', 'dead', 'capped'] as const
export type BoldBranch = (typeof BOLD_BRANCHES)[number]

/** A local Liquity V2 of ours (test/chain/sol/BoldStandIn.sol). */
export type BoldSystem = {
  readonly registry: Address
  readonly branches: Readonly<Record<BoldBranch, Address>>
  readonly feeds: Readonly<Record<BoldBranch, Address>>
  /** ETH/USD and stETH/USD of 8 decimals, rETH/ETH of 18. */
  readonly aggregators: Readonly<Record<'ETH' | 'stETH' | 'rETH', Address>>
  readonly admin: Address
  readonly fromBlock: bigint
}

export const ETH_ANSWER = 3000_00000000n
export const WSTETH_RATE = 1_190_123_456_789_012_345n
export const RETH_RATE = 1_120_987_654_321_098_765n
/** What rETH trades for, below its rate. */
export const RETH_MARKET = 1_119_000_000_000_000_001n

const MINIMUM: Readonly<Record<BoldBranch, bigint>> = {
  WETH: 110n * 10n ** 16n,
  wstETH: 120n * 10n ** 16n,
  rETH: 120n * 10n ** 16n,
  dead: 110n * 10n ** 16n,
  capped: 120n * 10n ** 16n,
}

export const deployBold = async (anvil: Anvil): Promise<BoldSystem> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const { deploy, send } = createDeployer(anvil, admin, artifactIn(await compileBold()))
  const aggregators = {
    ETH: await deploy('BoldAggregatorStandIn', [ETH_ANSWER, 8]),
    stETH: await deploy('BoldAggregatorStandIn', [ETH_ANSWER, 8]),
    rETH: await deploy('BoldAggregatorStandIn', [RETH_MARKET, 18]),
  }
  const bold = await deploy('BoldTokenStandIn', ['BOLD', 0n])
  const weth = await deploy('BoldTokenStandIn', ['WETH', 0n])
  const wsteth = await deploy('BoldTokenStandIn', ['wstETH', WSTETH_RATE])
  const reth = await deploy('BoldTokenStandIn', ['rETH', RETH_RATE])
  const { ETH, stETH, rETH } = aggregators
  const feedOf = {
    WETH: [0, ETH, ETH, weth],
    wstETH: [1, ETH, stETH, wsteth],
    rETH: [2, ETH, rETH, reth],
    dead: [0, ETH, ETH, weth],
    capped: [2, ETH, rETH, reth],
  } as const
  const registry = await deploy('BoldRegistryStandIn')
  const branches: Partial<Record<BoldBranch, Address>> = {}
  const feeds: Partial<Record<BoldBranch, Address>> = {}
  for (const name of BOLD_BRANCHES) {
    const feed = await deploy('BoldFeedStandIn', feedOf[name])
    const branch = await deploy('BoldBranchStandIn', [feedOf[name][3], bold, weth, feed, MINIMUM[name]])
    await send('BoldRegistryStandIn', registry, 'add', [branch])
    branches[name] = branch
    feeds[name] = feed
  }
  return {
    registry,
    branches: branches as BoldSystem['branches'],
    feeds: feeds as BoldSystem['feeds'],
    aggregators,
    admin,
    fromBlock,
  }
}

const abi = parseAbi([
  'struct Plan { address owner; uint256 id; uint256 coll; uint256 debt; uint256 rate; address manager; }',
  'function openMany(Plan[] plans)',
  'function open(Plan plan)',
  'function adjust(uint256 id, int256 coll, int256 debt)',
  'function applyPendingDebt(uint256 id)',
  'function redeem(uint256 id, uint256 amount, uint256 price)',
  'function setRate(uint256 id, uint256 rate)',
  'function registerBatch(address manager, uint256 rate, uint256 fee)',
  'function setBatch(address manager, uint256 rate, uint256 fee)',
  'function join(uint256 id, address manager)',
  'function leave(uint256 id, uint256 rate)',
  'function transfer(uint256 id, address to)',
  'function deposit(uint256 amount)',
  'function shutdown()',
  'function close(uint256 id)',
  'function batchLiquidateTroves(uint256[] ids)',
  'function set(int256 answer)',
  'function setSource(uint8 source)',
  'function setFailing(bool failing)',
  'function fetchPrice()',
])

export type TrovePlan = {
  readonly owner: Address
  readonly id: bigint
  readonly coll: bigint
  readonly debt: bigint
  readonly rate: bigint
  readonly manager: Address
}

/** What users, managers and liquidators do in a branch, each by its own transaction. */
export const boldActions = (anvil: Anvil, { branches, feeds, aggregators, admin }: BoldSystem) => {
  const GAS = 29_000_000_000n
  const send = (to: Address, data: Hex) => sendTransaction(anvil, { from: admin, to, data, gas: GAS })
  const at = (branch: BoldBranch, data: Hex) => send(branches[branch], data)
  return {
    openMany: async (branch: BoldBranch, plans: readonly TrovePlan[]): Promise<void> => {
      for (let start = 0; start < plans.length; start += 100)
        await at(
          branch,
          encodeFunctionData({
            abi,
            functionName: 'openMany',
            args: [plans.slice(start, start + 100)],
          }),
        )
    },
    open: (branch: BoldBranch, plan: TrovePlan) =>
      at(branch, encodeFunctionData({ abi, functionName: 'open', args: [plan] })),
    adjust: (branch: BoldBranch, id: bigint, change: { coll?: bigint; debt?: bigint }) =>
      at(
        branch,
        encodeFunctionData({
          abi,
          functionName: 'adjust',
          args: [id, change.coll ?? 0n, change.debt ?? 0n],
        }),
      ),
    applyPendingDebt: (branch: BoldBranch, id: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'applyPendingDebt', args: [id] })),
    redeem: (branch: BoldBranch, id: bigint, amount: bigint, price: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'redeem', args: [id, amount, price] })),
    setRate: (branch: BoldBranch, id: bigint, rate: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'setRate', args: [id, rate] })),
    registerBatch: (branch: BoldBranch, manager: Address, rate: bigint, fee: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'registerBatch', args: [manager, rate, fee] })),
    setBatch: (branch: BoldBranch, manager: Address, rate: bigint, fee: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'setBatch', args: [manager, rate, fee] })),
    join: (branch: BoldBranch, id: bigint, manager: Address) =>
      at(branch, encodeFunctionData({ abi, functionName: 'join', args: [id, manager] })),
    leave: (branch: BoldBranch, id: bigint, rate: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'leave', args: [id, rate] })),
    transfer: (branch: BoldBranch, id: bigint, to: Address) =>
      at(branch, encodeFunctionData({ abi, functionName: 'transfer', args: [id, to] })),
    deposit: (branch: BoldBranch, amount: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'deposit', args: [amount] })),
    shutdown: (branch: BoldBranch) => at(branch, encodeFunctionData({ abi, functionName: 'shutdown' })),
    close: (branch: BoldBranch, id: bigint) =>
      at(branch, encodeFunctionData({ abi, functionName: 'close', args: [id] })),
    liquidate: (branch: BoldBranch, ids: readonly bigint[]) =>
      at(branch, encodeFunctionData({ abi, functionName: 'batchLiquidateTroves', args: [ids] })),
    setAnswer: (aggregator: keyof BoldSystem['aggregators'], answer: bigint) =>
      send(aggregators[aggregator], encodeFunctionData({ abi, functionName: 'set', args: [answer] })),
    setSource: (branch: BoldBranch, source: 0 | 1 | 2) =>
      send(feeds[branch], encodeFunctionData({ abi, functionName: 'setSource', args: [source] })),
    setFailing: (branch: BoldBranch, failing: boolean) =>
      send(feeds[branch], encodeFunctionData({ abi, functionName: 'setFailing', args: [failing] })),
    /** Puts today's price on record as the last good one. */
    recordPrice: (branch: BoldBranch) =>
      send(feeds[branch], encodeFunctionData({ abi, functionName: 'fetchPrice' })),
    mine: (blocks: number, seconds?: number) => mine(anvil, blocks, seconds),
  }
}

export type BoldActions = ReturnType<typeof boldActions>

export const accountOf = (n: number): Address => getAddress(toHex(0xb01d_0000 + n, { size: 20 }))

const wad = (value: number): bigint => BigInt(Math.round(value * 1e9)) * 10n ** 9n

/** Seeded troves at ratios around their branch's minimum; every third one in a batch. */
export const planTroves = (
  branch: BoldBranch,
  {
    count,
    seed,
    price,
    managers,
  }: {
    readonly count: number
    readonly seed: number
    /** USD of one token. */
    readonly price: number
    readonly managers: readonly Address[]
  },
): readonly TrovePlan[] => {
  const random = createRandom(seed)
  const within = (low: number, high: number): number => low + random() * (high - low)
  const minimum = Number(MINIMUM[branch]) / 1e18
  return Array.from({ length: count }, (_, i) => {
    const debt = wad(2000 * 500 ** random()) + BigInt(Math.floor(random() * 1e9))
    const kind = random()
    const ratio = kind < 0.06 ? within(0.5, 0.98) : kind < 0.14 ? within(1, minimum) : within(minimum, 4)
    const manager = managers[i % managers.length]
    return {
      owner: accountOf(Math.floor(random() * count)),
      id: BigInt(`0x${'1'.repeat(40)}`) * BigInt(seed) + BigInt(i),
      coll: (debt * wad(ratio)) / wad(price) + BigInt(Math.floor(random() * 1e9)),
      debt,
      rate: wad(within(0.005, 0.2)),
      manager: i % 3 === 0 && manager ? manager : '0x0000000000000000000000000000000000000000',
    }
  })
}
