import { type Address, encodeFunctionData, getAddress, type Hex, parseAbi, toHex } from 'viem'
import { mine } from './actions.ts'
import type { Anvil } from './anvil.ts'
import { artifactIn, once } from './compile.ts'
import { createDeployer } from './deployer.ts'
import { createRandom } from './random.ts'
import { sendTransaction } from './transaction.ts'

const compileLiquity = once(['liqbands/LiquityStandIn.sol'])

/** A local Liquity V1: ours (test/chain/sol/LiquityStandIn.sol), or, by hand and outside this project, the real one. */
export type LiquitySystem = {
  readonly troveManager: Address
  readonly priceFeed: Address
  readonly aggregator: Address
  readonly admin: Address
  readonly fromBlock: bigint
}

export const ETH_ANSWER = 2000_00000000n

export const deployLiquity = async (anvil: Anvil): Promise<LiquitySystem> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const { deploy } = createDeployer(anvil, admin, artifactIn(await compileLiquity()))
  const aggregator = await deploy('LiquityAggregatorStandIn', [ETH_ANSWER])
  const priceFeed = await deploy('LiquityFeedStandIn', [aggregator])
  const troveManager = await deploy('LiquityStandIn', [priceFeed])
  // the collateral that liquidators are paid from
  await anvil.rpc('anvil_setBalance', [troveManager, toHex(10n ** 26n)])
  return { troveManager, priceFeed, aggregator, admin, fromBlock }
}

const abi = parseAbi([
  'struct Plan { address owner; uint256 coll; uint256 debt; }',
  'function openMany(Plan[] plans)',
  'function open(Plan plan)',
  'function adjust(address b, int256 coll, int256 debt)',
  'function redeem(address b, uint256 amount, uint256 price)',
  'function close(address b)',
  'function deposit(uint256 amount)',
  'function liquidate(address b)',
  'function set(int256 answer)',
  'function setStatus(uint8 status)',
])

export type LiquityPlan = { readonly owner: Address; readonly coll: bigint; readonly debt: bigint }

/** What users and liquidators do, each by its own transaction. */
export const liquityActions = (
  anvil: Anvil,
  { troveManager, priceFeed, aggregator, admin }: LiquitySystem,
) => {
  const send = (to: Address, data: Hex) =>
    sendTransaction(anvil, { from: admin, to, data, gas: 29_000_000_000n })
  const setAnswer = (answer: bigint) =>
    send(aggregator, encodeFunctionData({ abi, functionName: 'set', args: [answer] }))
  return {
    openMany: async (plans: readonly LiquityPlan[]): Promise<void> => {
      for (let start = 0; start < plans.length; start += 100) {
        const args = [plans.slice(start, start + 100)] as const
        await send(troveManager, encodeFunctionData({ abi, functionName: 'openMany', args }))
      }
    },
    open: (plan: LiquityPlan) =>
      send(troveManager, encodeFunctionData({ abi, functionName: 'open', args: [plan] })),
    adjust: (owner: Address, change: { readonly coll?: bigint; readonly debt?: bigint }) => {
      const args = [owner, change.coll ?? 0n, change.debt ?? 0n] as const
      return send(troveManager, encodeFunctionData({ abi, functionName: 'adjust', args }))
    },
    redeem: (owner: Address, amount: bigint, price: bigint) =>
      send(troveManager, encodeFunctionData({ abi, functionName: 'redeem', args: [owner, amount, price] })),
    close: (owner: Address) =>
      send(troveManager, encodeFunctionData({ abi, functionName: 'close', args: [owner] })),
    deposit: (amount: bigint) =>
      send(troveManager, encodeFunctionData({ abi, functionName: 'deposit', args: [amount] })),
    liquidate: (owner: Address) =>
      send(troveManager, encodeFunctionData({ abi, functionName: 'liquidate', args: [owner] })),
    /** In two rounds, so that the price feed sees no jump. */
    setPrice: async (answer: bigint): Promise<void> => {
      await setAnswer(answer)
      await setAnswer(answer)
    },
    /** In one round. */
    jumpTo: setAnswer,
    setStatus: (status: number) =>
      send(priceFeed, encodeFunctionData({ abi, functionName: 'setStatus', args: [status] })),
    mine: (blocks: number, seconds?: number) => mine(anvil, blocks, seconds),
  }
}

export type LiquityActions = ReturnType<typeof liquityActions>

export const ownerOf = (n: number): Address => getAddress(toHex(0x105d_0000 + n, { size: 20 }))

const wad = (value: number): bigint => BigInt(Math.round(value * 1e9)) * 10n ** 9n

/** Seeded troves of 2,000 to 1,000,000 LUSD; most at 120 % to 300 %, some below the minimum, some under water. */
export const planTroves = (count: number, seed: number): readonly LiquityPlan[] => {
  const random = createRandom(seed)
  const within = (low: number, high: number): number => low + random() * (high - low)
  return Array.from({ length: count }, (_, i) => {
    const debt = wad(2000 * 500 ** random()) + BigInt(Math.floor(random() * 1e9))
    const kind = random()
    const ratio = kind < 0.03 ? within(0.6, 0.99) : kind < 0.08 ? within(1, 1.1) : within(1.12, 3)
    const coll = (debt * wad(ratio)) / wad(2000) + BigInt(Math.floor(random() * 1e9))
    return { owner: ownerOf(i), coll, debt }
  })
}
