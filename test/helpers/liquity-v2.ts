import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  parseAbi,
  toFunctionSelector,
  toHex,
} from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import { WAD } from '../../src/core/units.ts'
import type { Populated } from '../adapters/conformance.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  accountOf,
  BOLD_BRANCHES,
  type BoldSystem,
  boldActions,
  deployBold,
  ETH_ANSWER,
  planTroves,
  RETH_MARKET,
  RETH_RATE,
  WSTETH_RATE,
} from '../chain/liquity-v2.ts'

export const BOLD_SOURCE = 'liquity-v2/local/test'

/** The configuration of one local system, as a user would write it. */
export const boldConfig = (
  { registry, branches, aggregators, fromBlock }: BoldSystem,
  {
    url,
    feeds = ['ETH', 'stETH'],
    listed = BOLD_BRANCHES.map((name) => branches[name]),
    assets = {},
  }: {
    readonly url: string
    /** Root feeds of ETH. */
    readonly feeds?: readonly (keyof BoldSystem['aggregators'])[]
    readonly listed?: readonly Address[]
    readonly assets?: Readonly<Record<Address, number>>
  },
): Config =>
  parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [url], block: 'latest' } },
      sources: [
        {
          key: BOLD_SOURCE,
          deployment: { collateralRegistry: registry, branches: listed, fromBlock: Number(fromBlock) },
        },
      ],
      drivers: { ETH: { chains: { local: { feeds: feeds.map((name) => aggregators[name]), assets } } } },
    },
    {},
    '/',
  )

const abi = parseAbi([
  'function getCurrentICR(uint256 id, uint256 price) view returns (uint256)',
  'function MCR() view returns (uint256)',
  'function batchLiquidateTroves(uint256[] ids)',
  'function fetchPrice() view returns (uint256, bool)',
  'error NothingToLiquidate()',
])
const HEALTHY = toFunctionSelector('NothingToLiquidate()')

const branchOf = ({ branches }: BoldSystem, key: string) => {
  const [index = '', id = ''] = key.split(':')
  return { branch: branches[BOLD_BRANCHES[Number(index)] ?? 'WETH'], id: BigInt(id) }
}

/** Calls in one request. */
const TOGETHER = 250

export type LiquidateQuestion = {
  readonly key: string
  /** By aggregator, what it answers during the call. */
  readonly answers: Readonly<Record<Address, bigint>>
}

/** Whether the branch lets anyone liquidate the trove, each under its own feed answers; null for another refusal. */
export const askLiquidate = async (
  { url }: Pick<Anvil, 'url'>,
  system: BoldSystem,
  questions: readonly LiquidateQuestion[],
): Promise<readonly (boolean | null)[]> => {
  const verdicts: (boolean | null)[] = []
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const body = questions.slice(start, start + TOGETHER).map(({ key, answers }, id) => {
      const trove = branchOf(system, key)
      const data = encodeFunctionData({ abi, functionName: 'batchLiquidateTroves', args: [[trove.id]] })
      // slot 0 of BoldAggregatorStandIn
      const overrides = Object.fromEntries(
        Object.entries(answers).map(([feed, answer]) => [
          feed,
          { stateDiff: { [toHex(0, { size: 32 })]: toHex(answer, { size: 32 }) } },
        ]),
      )
      const params = [{ from: system.admin, to: trove.branch, data }, 'latest', overrides]
      return { jsonrpc: '2.0', id, method: 'eth_call', params }
    })
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly {
      readonly id: number
      readonly result?: string
      readonly error?: { readonly data?: string }
    }[]
    for (const { result, error } of replies.toSorted((a, b) => a.id - b.id))
      verdicts.push(result === undefined ? (error?.data === HEALTHY ? false : null) : true)
  }
  return verdicts
}

/** Health as the branch itself counts it: its ratio at its feed's price over its minimum. */
const healthOf = async (anvil: Anvil, system: BoldSystem, keys: readonly string[]) => {
  const call = async <N extends 'MCR' | 'fetchPrice' | 'getCurrentICR'>(
    to: Address,
    functionName: N,
    args: readonly bigint[] = [],
  ): Promise<bigint> => {
    const data = encodeFunctionData({ abi, functionName, args } as never)
    const answer = await anvil.rpc<`0x${string}`>('eth_call', [{ to, data }, 'latest'])
    const decoded = decodeFunctionResult({ abi, functionName, data: answer } as never) as unknown
    return (Array.isArray(decoded) ? decoded[0] : decoded) as bigint
  }
  const terms = new Map<string, { price: bigint; minimum: bigint }>()
  for (const name of BOLD_BRANCHES)
    terms.set(system.branches[name], {
      price: await call(system.feeds[name], 'fetchPrice'),
      minimum: await call(system.branches[name], 'MCR'),
    })
  return Promise.all(
    keys.map(async (key) => {
      const { branch, id } = branchOf(system, key)
      const { price = 0n, minimum = 1n } = terms.get(branch) ?? {}
      const ratio = await call(branch, 'getCurrentICR', [id, price])
      return (ratio * WAD) / minimum
    }),
  )
}

const PRICES = {
  WETH: 3000,
  wstETH: (3000 * Number(WSTETH_RATE)) / 1e18,
  rETH: (3000 * Number(RETH_MARKET)) / 1e18,
  dead: 3000,
  capped: (3000 * Number(RETH_RATE)) / 1e18,
}

/**
 * 590 troves in five branches: a month of interest, batches with fees, redistributions, zombies, one branch whose price
 * stands still and one whose price is capped.
 */
export const populateBold = async (): Promise<Populated & { readonly system: BoldSystem }> => {
  const anvil = await startAnvil()
  const system = await deployBold(anvil)
  const act = boldActions(anvil, system)
  const managers = [9001, 9002, 9003].map(accountOf)
  const debtors: string[] = []
  for (const [index, branch] of BOLD_BRANCHES.entries()) {
    for (const [i, manager] of managers.entries())
      await act.registerBatch(branch, manager, BigInt(2 + i) * 10n ** 16n, BigInt(i) * 10n ** 15n)
    const count = branch === 'WETH' ? 250 : branch === 'dead' ? 60 : 100
    const plans = planTroves(branch, { count, seed: 26 + index, price: PRICES[branch], managers })
    await act.openMany(branch, plans)
    debtors.push(...plans.map(({ id }) => `${index}:${id}`))
  }
  const idOf = (branch: number, n: number): bigint => {
    const keys = debtors.filter((key) => key.startsWith(`${branch}:`))
    return BigInt(keys[n]?.split(':')[1] ?? 0)
  }
  await act.mine(1, 20 * 86_400)
  // a liquidation that the pool pays in part, so that the rest goes to all other troves of the branch
  await act.deposit('WETH', 1500n * WAD)
  const verdicts = await askLiquidate(
    anvil,
    system,
    debtors.map((key) => ({ key, answers: {} })),
  )
  const gone = debtors.filter((key, i) => key.startsWith('0:') && verdicts[i] === true).slice(0, 3)
  await act.liquidate(
    'WETH',
    gone.map((key) => BigInt(key.split(':')[1] ?? 0)),
  )
  // zombies: one that still owes, one that owes nothing, one in a batch
  await act.redeem('rETH', idOf(2, 4), 10n ** 30n, 3300n * WAD)
  await act.redeem('rETH', idOf(2, 6), 1900n * WAD, 3300n * WAD)
  await act.redeem('rETH', idOf(2, 9), 500n * WAD, 3300n * WAD)
  await act.setBatch('wstETH', accountOf(9002), 5n * 10n ** 16n, 10n ** 15n)
  await act.recordPrice('dead')
  await act.setSource('dead', 2)
  await act.shutdown('dead')
  await act.setAnswer('ETH', 2950_00000000n)
  await act.recordPrice('capped')
  await act.setSource('capped', 1)
  await act.shutdown('capped')
  await act.mine(1, 10 * 86_400)
  await act.setAnswer('ETH', ETH_ANSWER - 12_345n)
  await act.setAnswer('stETH', ETH_ANSWER - 12_345n)
  const free = `2:${idOf(2, 4)}`
  const { aggregators } = system
  return {
    system,
    config: boldConfig(system, { url: anvil.url }),
    debtors: debtors.filter((key) => !gone.includes(key) && key !== free),
    drivers: ['ETH'],
    outcomes: ['below', 'already', 'never', 'insolvent'],
    liquidatable: async (keys) =>
      (
        await askLiquidate(
          anvil,
          system,
          keys.map((key) => ({ key, answers: {} })),
        )
      ).map((verdict) => verdict === true),
    liquidatableAt: (_, questions) =>
      askLiquidate(
        anvil,
        system,
        questions.map(({ key, answer }) => ({
          key,
          answers: { [aggregators.ETH]: answer, [aggregators.stETH]: answer },
        })),
      ),
    health: (keys) => healthOf(anvil, system, keys),
    setPrice: async (_, answer) => {
      await anvil.rpc('anvil_setBlockTimestampInterval', [0])
      await act.setAnswer('ETH', answer)
      await act.setAnswer('stETH', answer)
    },
    stop: anvil.stop,
  }
}
