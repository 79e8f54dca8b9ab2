import { type Address, encodeFunctionData, getAddress, type Hex, parseAbi, toHex } from 'viem'
import { mine } from './actions.ts'
import type { Anvil } from './anvil.ts'
import { artifactIn, once } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import { sendTransaction } from './transaction.ts'

/** Our own stand-ins, test/chain/sol/CurveStandIn.sol. */
const compileCurve = once(['liqbands/CurveStandIn.sol', 'liqbands/CurveOracles.sol', 'liqbands/Feeds.sol'])

export const FEEDS = { ETH: 3000, BTC: 60_000 } as const
export type CurveFeed = keyof typeof FEEDS

/** A market to deploy. */
export type CurveSpec = {
  readonly collateral: string
  readonly borrowed: string
  readonly decimals?: { readonly collateral?: number; readonly borrowed?: number }
  /** The USD feed its oracle stands on; inverse where that prices the borrowed token. */
  readonly oracle: { readonly feed: CurveFeed; readonly ratio?: number; readonly inverse?: true } | 'pools'
  /** Borrowed tokens for one of collateral at the top of band 0. */
  readonly base: number
}

export type CurveMarketOnChain = {
  readonly controller: Address
  readonly amm: Address
  readonly oracle: Address
  readonly collateral: Address
  readonly borrowed: Address
  readonly spec: CurveSpec
}

/** A factory stand-in with markets, and feeds that anyone may set. */
export type CurveChain = {
  readonly anvil: Anvil
  readonly admin: Address
  readonly factory: Address
  readonly feeds: Readonly<Record<CurveFeed, Address>>
  /** In the order in which the factory lists them. */
  readonly markets: readonly CurveMarketOnChain[]
  readonly tokens: Readonly<Record<string, Address>>
  readonly deployer: Deployer
}

/** Bands are 1 % wide, as in every mint market. */
export const AMPLIFICATION = 100n

/** As the WETH mint market has it. */
export const LIQUIDATION_DISCOUNT = 6n * 10n ** 16n

const wad = (value: number): bigint => BigInt(Math.round(value * 1e9)) * 10n ** 9n

const deployMarket = async (
  { deploy }: Deployer,
  spec: CurveSpec,
  { feeds, tokens }: Pick<CurveChain, 'feeds' | 'tokens'>,
): Promise<Omit<CurveMarketOnChain, 'spec'>> => {
  const [collateral, borrowed] = [tokens[spec.collateral] ?? '0x', tokens[spec.borrowed] ?? '0x']
  const { oracle: kind, base } = spec
  const oracle =
    kind === 'pools'
      ? await deploy('CurvePoolOracle', [wad(base)])
      : await deploy('CurveFeedOracle', [feeds[kind.feed], wad(kind.ratio ?? 1), kind.inverse ?? false])
  const amm = await deploy('LlammaStandIn', [borrowed, collateral, AMPLIFICATION, wad(base), oracle])
  const controller = await deploy('CurveControllerStandIn', [amm, LIQUIDATION_DISCOUNT])
  return { controller, amm, oracle, collateral, borrowed }
}

/** Deploys a factory with markets of these kinds. */
export const deployCurve = async (anvil: Anvil, specs: readonly CurveSpec[]): Promise<CurveChain> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const deployer = createDeployer(anvil, admin, artifactIn(await compileCurve()))
  const { deploy, send } = deployer
  const feeds = {
    ETH: await deploy('SettableFeed', [BigInt(FEEDS.ETH) * 10n ** 8n]),
    BTC: await deploy('SettableFeed', [BigInt(FEEDS.BTC) * 10n ** 8n]),
  }
  const tokens: Record<string, Address> = {}
  for (const { collateral, borrowed, decimals } of specs) {
    tokens[collateral] ??= await deploy('CurveToken', [collateral, decimals?.collateral ?? 18])
    tokens[borrowed] ??= await deploy('CurveToken', [borrowed, decimals?.borrowed ?? 18])
  }
  const factory = await deploy('CurveFactoryStandIn')
  const markets: CurveMarketOnChain[] = []
  for (const spec of specs) {
    const market = await deployMarket(deployer, spec, { feeds, tokens })
    await send('CurveFactoryStandIn', factory, 'add', [market.controller])
    markets.push({ ...market, spec })
  }
  return { anvil, admin, factory, feeds, markets, tokens, deployer }
}

/** A loan to open. */
export type CurvePlan = {
  readonly user: Address
  readonly collateral: bigint
  readonly debt: bigint
  readonly n1: number
  readonly bands: number
}

/** An address that nobody else has. */
export const userOf = (n: number): Address => getAddress(toHex(0xc0de_0000_0000n + BigInt(n), { size: 20 }))

/** Loans in one transaction. */
const BATCH = 100
const GAS = 29_000_000_000n

const openAbi = parseAbi([
  'struct Plan { address user; uint256 collateral; uint256 debt; int256 n1; uint256 bands; }',
  'function open(Plan[] plans)',
])

/** Opens them exactly as planned. */
export const openLoans = async (
  { anvil, admin }: CurveChain,
  { controller }: CurveMarketOnChain,
  plans: readonly CurvePlan[],
): Promise<void> => {
  for (let start = 0; start < plans.length; start += BATCH) {
    const batch = plans
      .slice(start, start + BATCH)
      .map((plan) => ({ ...plan, n1: BigInt(plan.n1), bands: BigInt(plan.bands) }))
    const data = encodeFunctionData({ abi: openAbi, functionName: 'open', args: [batch] })
    await sendTransaction(anvil, { from: admin, to: controller, data, gas: GAS })
  }
}

/** What happens in a market, each by its own transaction. */
export const curveActions = (
  { anvil, deployer }: CurveChain,
  { controller, amm, oracle }: CurveMarketOnChain,
) => ({
  sellTo: (band: number, share: number): Promise<void> =>
    deployer.send('LlammaStandIn', amm, 'sellTo', [BigInt(band), wad(share)]),
  buyTo: (band: number): Promise<void> => deployer.send('LlammaStandIn', amm, 'buyTo', [BigInt(band)]),
  setRate: (perSecond: bigint): Promise<void> => deployer.send('LlammaStandIn', amm, 'setRate', [perSecond]),
  holdPrice: (price: number): Promise<void> =>
    deployer.send('LlammaStandIn', amm, 'setHeldPrice', [wad(price)]),
  setPoolPrice: (price: number): Promise<void> =>
    deployer.send('CurvePoolOracle', oracle, 'set', [wad(price)]),
  setDiscount: (discount: number): Promise<void> =>
    deployer.send('CurveControllerStandIn', controller, 'setDiscount', [wad(discount)]),
  repay: (user: Address, amount: bigint): Promise<void> =>
    deployer.send('CurveControllerStandIn', controller, 'repay', [user, amount]),
  liquidate: (user: Address): Promise<void> =>
    deployer.send('CurveControllerStandIn', controller, 'liquidate', [user, 0n]),
  health: (user: Address): Promise<bigint> =>
    deployer.read<bigint>('CurveControllerStandIn', controller, 'health', [user, true]),
  debt: (user: Address): Promise<bigint> =>
    deployer.read<bigint>('CurveControllerStandIn', controller, 'debt', [user]),
  mine: (seconds: number): Promise<void> => mine(anvil, 1, seconds),
})

/** Sets a driver's feed. */
export const setCurveFeed = (
  { deployer, feeds }: CurveChain,
  driver: CurveFeed,
  answer: bigint,
): Promise<void> => deployer.send('SettableFeed', feeds[driver], 'set', [answer])

const askAbi = parseAbi(['function liquidate(address user, uint256 minX)'])

/** Calls in one request. */
const TOGETHER = 250

/** `Error("Not enough rekt")`. */
const HEALTHY = Buffer.from('Not enough rekt').toString('hex')

/**
 * Whether the controller would let anyone liquidate the loan (key `controller:user`), each with feeds at answers of
 * its own: by calling `liquidate` itself. null where it refuses for another reason.
 */
export const askLiquidate = async (
  { anvil, admin }: CurveChain,
  questions: readonly {
    readonly key: string
    readonly answers: Readonly<Record<Address, bigint>>
  }[],
): Promise<readonly (boolean | null)[]> => {
  const verdicts: (boolean | null)[] = []
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const body = questions.slice(start, start + TOGETHER).map(({ key, answers }, id) => {
      const [controller, user = '0x'] = key.split(':')
      const data = encodeFunctionData({ abi: askAbi, functionName: 'liquidate', args: [user as Address, 0n] })
      // slot 0 of test/chain/sol/Feeds.sol
      const stored = (answer: bigint) => ({
        stateDiff: { [toHex(0, { size: 32 })]: toHex(answer, { size: 32 }) },
      })
      const overrides = Object.fromEntries(
        Object.entries(answers).map(([feed, answer]) => [feed, stored(answer)]),
      )
      const params = [{ from: admin, to: controller, data }, 'latest', overrides]
      return { jsonrpc: '2.0', id, method: 'eth_call', params }
    })
    const response = await fetch(anvil.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly {
      readonly id: number
      readonly result?: Hex
      readonly error?: { readonly data?: string }
    }[]
    for (const { result, error } of replies.toSorted((a, b) => a.id - b.id))
      verdicts.push(result !== undefined ? true : error?.data?.includes(HEALTHY) ? false : null)
  }
  return verdicts
}
