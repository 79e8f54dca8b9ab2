import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  maxUint256,
  parseAbi,
  toFunctionSelector,
  toHex,
} from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Populated } from '../adapters/conformance.ts'
import {
  deploySpoke,
  LINK,
  type PlaceSpoke,
  type SpokeMarket,
  spokeActions,
  WBTC,
  WETH,
} from '../chain/aave-v4.ts'
import { openPlans, planPositions, type SpokePlan } from '../chain/aave-v4-positions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'

/** The configuration of one local spoke, as a user would write it. */
export const spokeConfig = (
  { spoke, fromBlock, feeds }: SpokeMarket,
  url: string,
  /** Tokens that follow ETH though no feed says so, with their weights. */
  ethLike: Readonly<Record<Address, number>> = {},
): Config =>
  parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [url], block: 'latest' } },
      sources: [{ key: 'aave-v4/local/test', deployment: { spoke, fromBlock: Number(fromBlock) } }],
      drivers: {
        ETH: { chains: { local: { feeds: [feeds.ETH], assets: ethLike } } },
        BTC: { chains: { local: { feeds: [feeds.BTC] } } },
      },
    },
    {},
    '/',
  )

const abi = parseAbi([
  'struct UserAccountData { uint256 riskPremium; uint256 avgCollateralFactor; uint256 healthFactor; uint256 totalCollateralValue; uint256 totalDebtValueRay; uint256 activeCollateralCount; uint256 borrowCount; }',
  'function getUserAccountData(address user) view returns (UserAccountData)',
  'function liquidationCall(uint256 collateralReserveId, uint256 debtReserveId, address user, uint256 debtToCover, bool receiveShares)',
])
const HEALTHY = toFunctionSelector('HealthFactorNotBelowThreshold()')

type Reply = { readonly result?: Hex; readonly error?: { readonly data?: string } }

/** Calls in one request. */
const TOGETHER = 250

/** eth_calls from the admin at the newest block, each with its own answers of our feeds (slot 0 of test/chain/sol/Feeds.sol). */
const askAll = async (
  { url }: Pick<Anvil, 'url'>,
  { spoke, admin }: SpokeMarket,
  calls: readonly { readonly data: Hex; readonly answers?: Readonly<Record<Address, bigint>> }[],
): Promise<readonly Reply[]> => {
  const replies: Reply[] = []
  for (let start = 0; start < calls.length; start += TOGETHER) {
    const body = calls.slice(start, start + TOGETHER).map(({ data, answers = {} }, id) => {
      const overrides = Object.fromEntries(
        Object.entries(answers).map(([feed, answer]) => [
          feed,
          { stateDiff: { [toHex(0, { size: 32 })]: toHex(answer, { size: 32 }) } },
        ]),
      )
      const params = [{ from: admin, to: spoke, data }, 'latest', overrides]
      return { jsonrpc: '2.0', id, method: 'eth_call', params }
    })
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answered = (await response.json()) as readonly (Reply & { readonly id: number })[]
    replies.push(...answered.toSorted((a, b) => a.id - b.id))
  }
  return replies
}

/** The spoke's own health factors, WAD; null where it refuses to answer. */
export const askHealth = async (
  anvil: Pick<Anvil, 'url'>,
  market: SpokeMarket,
  accounts: readonly Address[],
): Promise<readonly (bigint | null)[]> => {
  const functionName = 'getUserAccountData'
  const calls = accounts.map((user) => ({ data: encodeFunctionData({ abi, functionName, args: [user] }) }))
  return (await askAll(anvil, market, calls)).map(({ result }) =>
    result === undefined ? null : decodeFunctionResult({ abi, functionName, data: result }).healthFactor,
  )
}

export type LiquidationQuestion = {
  readonly account: Address
  readonly pair: readonly [collateral: number, debt: number]
  /** By feed of our own, what it answers during the call. */
  readonly answers: Readonly<Record<Address, bigint>>
}

/**
 * Whether the spoke would let the admin liquidate, by calling `liquidationCall` itself; null where it refuses for another
 * reason than health.
 */
export const askLiquidation = async (
  anvil: Pick<Anvil, 'url'>,
  market: SpokeMarket,
  questions: readonly LiquidationQuestion[],
): Promise<readonly (boolean | null)[]> => {
  const calls = questions.map(({ account, pair: [collateral, debt], answers }) => {
    const args = [BigInt(collateral), BigInt(debt), account, maxUint256, true] as const
    return { data: encodeFunctionData({ abi, functionName: 'liquidationCall', args }), answers }
  })
  return (await askAll(anvil, market, calls)).map(({ result, error }) =>
    result !== undefined ? true : error?.data === HEALTHY ? false : null,
  )
}

/** Where nothing can be seized: a question that the spoke would answer wrongly. */
const pairOf = ({ collateral, debt }: SpokePlan): readonly [number, number] => [
  collateral[0]?.[0] ?? 0,
  debt[0]?.[0] ?? 0,
]

/** Key 1 of WETH and WBTC in the populated spoke: those who came before it keep what they had. */
export const LOWER = { [WETH]: 0.7, [WBTC]: 0.8 } as const

/**
 * 700 positions over two hubs, half of them from before a change of the parameters, a month of interest, then a fall.
 * LINK loses two thirds: its borrowers are insolvent.
 */
export const populateSpoke = async (place?: PlaceSpoke, args: readonly string[] = []): Promise<Populated> => {
  const anvil = await startAnvil({ args })
  const market = await deploySpoke(anvil, place)
  const { reserves, feeds } = market
  const act = spokeActions(anvil, market)
  const before = planPositions(reserves, { count: 350, seed: 20261125 })
  const after = planPositions(reserves, { count: 350, seed: 20261126, factors: LOWER })
  const accounts = [...(await openPlans(anvil, market, before))]
  await act.addConfig(WETH, { factor: LOWER[WETH], bonus: 0.08 })
  await act.addConfig(WBTC, { factor: LOWER[WBTC], bonus: 0.04 })
  await act.mine(1, 10 * 86_400)
  accounts.push(...(await openPlans(anvil, market, after)))
  await act.mine(1, 20 * 86_400)
  for (const { id } of reserves) await act.fund(market.admin, id, 10n ** 36n)
  await act.setDriver('ETH', 2890_12345678n)
  await act.setDriver('BTC', 57_300_87654321n)
  await act.setPrice(LINK, 7_00000000n)
  const plans = [...before, ...after]
  const pairs = new Map(accounts.map((account, i) => [account, pairOf(plans[i] as SpokePlan)]))
  const ask = (
    questions: readonly { readonly key: string; readonly answers: LiquidationQuestion['answers'] }[],
  ) =>
    askLiquidation(
      anvil,
      market,
      questions.map(({ key, answers }) => ({
        account: key as Address,
        pair: pairs.get(key as Address) ?? [0, 0],
        answers,
      })),
    )
  const feedOf = (driver: string) => feeds[driver as 'ETH' | 'BTC']
  return {
    config: spokeConfig(market, anvil.url),
    debtors: accounts.filter((_, i) => plans[i]?.debt.length !== 0),
    drivers: ['ETH', 'BTC'],
    liquidatable: async (keys) =>
      (await ask(keys.map((key) => ({ key, answers: {} })))).map((verdict) => verdict === true),
    liquidatableAt: (driver, questions) =>
      ask(questions.map(({ key, answer }) => ({ key, answers: { [feedOf(driver)]: answer } }))),
    health: async (keys) =>
      (await askHealth(anvil, market, keys as readonly Address[])).map((health) => health ?? -1n),
    setPrice: async (driver, answer) => {
      await anvil.rpc('anvil_setBlockTimestampInterval', [0])
      await act.setDriver(driver as 'ETH' | 'BTC', answer)
    },
    stop: anvil.stop,
  }
}
