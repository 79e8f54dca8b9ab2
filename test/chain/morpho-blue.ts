import {
  type Address,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  getAddress,
  type Hex,
  keccak256,
  parseEventLogs,
  type RpcLog,
  toHex,
  zeroAddress,
} from 'viem'
import type { Anvil } from './anvil.ts'
import { type Artifact, artifactIn, compileOwn } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'
import { compileMorphoBlue } from './morpho-blue-compile.ts'
import { type Receipt, sendTransaction } from './transaction.ts'

const DECIMALS = { WETH: 18, wstETH: 18, WBTC: 8, USDC: 6, DAI: 18 } as const
export type MorphoToken = keyof typeof DECIMALS
export const MORPHO_TOKENS = Object.keys(DECIMALS) as MorphoToken[]

const FEEDS = { ETH: 3000, BTC: 60_000, USDC: 1, DAI: 1 } as const
export type MorphoFeed = keyof typeof FEEDS

export type MarketParams = {
  readonly loanToken: Address
  readonly collateralToken: Address
  readonly oracle: Address
  readonly irm: Address
  readonly lltv: bigint
}

export type MorphoPlan = { readonly market: Hex; readonly collateral: bigint; readonly borrow: bigint }

/** Morpho Blue with its adaptive interest model, tokens, feeds, and helpers of ours. */
export type MorphoChain = {
  readonly anvil: Anvil
  readonly morpho: Address
  readonly fromBlock: bigint
  readonly admin: Address
  readonly irm: Address
  readonly tokens: Readonly<Record<MorphoToken, Address>>
  readonly feeds: Readonly<Record<MorphoFeed, Address>>
  readonly factory: Address
  readonly asker: Address
  readonly deployer: Deployer
  readonly artifactOf: (name: string) => Artifact
}

const LLTVS = [0, 62.5, 77, 86, 91.5, 94.5, 96.5, 98]

/** A percentage as Morpho writes it. */
export const lltvOf = (percent: number): bigint => BigInt(Math.round(percent * 10)) * 10n ** 15n

const GAS = 29_000_000_000n

/** Everything but markets. */
export const deployMorphoBlue = async (anvil: Anvil): Promise<MorphoChain> => {
  const artifactOf = artifactIn({ ...(await compileOwn()), ...(await compileMorphoBlue()) })
  const [admin] = await anvil.rpc<Address[]>('eth_accounts')
  if (!admin) throw new Error('anvil has no accounts')
  const deployer = createDeployer(anvil, getAddress(admin), artifactOf)
  const fromBlock = BigInt(await anvil.rpc<Hex>('eth_blockNumber')) + 1n
  const morpho = await deployer.deploy('Morpho', [admin])
  const irm = await deployer.deploy('AdaptiveCurveIrm', [morpho])
  for (const model of [irm, zeroAddress]) await deployer.send('Morpho', morpho, 'enableIrm', [model])
  for (const percent of LLTVS) await deployer.send('Morpho', morpho, 'enableLltv', [lltvOf(percent)])
  const tokens: Partial<Record<MorphoToken, Address>> = {}
  for (const symbol of MORPHO_TOKENS)
    tokens[symbol] = await deployer.deploy('MorphoBlueToken', [symbol, DECIMALS[symbol]])
  const feeds: Partial<Record<MorphoFeed, Address>> = {}
  for (const [name, usd] of Object.entries(FEEDS))
    feeds[name as MorphoFeed] = await deployer.deploy('MorphoBlueNamedFeed', [
      BigInt(usd) * 10n ** 8n,
      `${name} / USD`,
    ])
  const factory = await deployer.deploy('MorphoBlueFactory', [morpho])
  const asker = await deployer.deploy('MorphoBlueAsker')
  return {
    anvil,
    morpho,
    fromBlock,
    admin: deployer.from,
    irm,
    tokens: tokens as MorphoChain['tokens'],
    feeds: feeds as MorphoChain['feeds'],
    factory,
    asker,
    deployer,
    artifactOf,
  }
}

/** Shares of a vault that its oracle converts to see what one is worth. */
export const VAULT_SAMPLE = 10n ** 9n

type OracleOf = {
  readonly base?: MorphoFeed | Address
  readonly quote?: MorphoFeed | Address
  /** Assets for VAULT_SAMPLE shares, where the collateral is a share of a vault. */
  readonly ratio?: bigint
}

/** An oracle on feeds; a feed that is missing counts 1. */
export const deployFeedOracle = (
  { deployer, feeds }: MorphoChain,
  collateral: MorphoToken,
  loan: MorphoToken,
  { base, quote, ratio }: OracleOf,
): Promise<Address> => {
  const feed = (name?: MorphoFeed | Address): Address =>
    name === undefined ? zeroAddress : name in feeds ? feeds[name as MorphoFeed] : (name as Address)
  return deployer.deploy('MorphoBlueFeedOracle', [
    [feed(base), zeroAddress, feed(quote), zeroAddress],
    DECIMALS[collateral],
    DECIMALS[loan],
    ratio ?? 1n,
    ratio === undefined ? 1n : VAULT_SAMPLE,
  ])
}

export const marketId = (params: MarketParams): Hex =>
  keccak256(
    encodeAbiParameters(
      [
        { type: 'address' },
        { type: 'address' },
        { type: 'address' },
        { type: 'address' },
        { type: 'uint256' },
      ],
      [params.loanToken, params.collateralToken, params.oracle, params.irm, params.lltv],
    ),
  )

/** What Morpho itself says of a market. */
export const readParams = async ({ deployer, morpho }: MorphoChain, id: Hex): Promise<MarketParams> => {
  const [loanToken, collateralToken, oracle, irm, lltv] = await deployer.read<
    readonly [Address, Address, Address, Address, bigint]
  >('Morpho', morpho, 'idToMarketParams', [id])
  return { loanToken, collateralToken, oracle, irm, lltv }
}

/** Creates a market and lends `supply` raw loan tokens to it. */
export const createMarket = async (
  { deployer, morpho, factory, irm: adaptive }: MorphoChain,
  given: Omit<MarketParams, 'irm'> & { readonly irm?: Address },
  supply: bigint,
): Promise<Hex> => {
  const params = { irm: adaptive, ...given }
  await deployer.send('Morpho', morpho, 'createMarket', [params])
  const id = marketId(params)
  if (supply > 0n) await deployer.send('MorphoBlueFactory', factory, 'fund', [id, supply])
  return id
}

/** Opens positions as planned; the owners come in the order of the plans, and have neither code nor key. */
export const openMorphoPositions = async (
  { anvil, admin, factory, artifactOf }: MorphoChain,
  plans: readonly MorphoPlan[],
): Promise<readonly Address[]> => {
  const { abi } = artifactOf('MorphoBlueFactory')
  const data = encodeFunctionData({ abi, functionName: 'open', args: [plans] })
  const { blockNumber } = await sendTransaction(anvil, { from: admin, to: factory, data, gas: GAS })
  const filter = { address: factory, fromBlock: blockNumber, toBlock: blockNumber }
  const logs = await anvil.rpc<RpcLog[]>('eth_getLogs', [filter])
  return parseEventLogs({ abi, logs }).flatMap(({ args }) =>
    (args as unknown as { accounts: readonly Address[] }).accounts.map((account) => getAddress(account)),
  )
}

/** Creates markets that nobody uses. */
export const spamMarkets = async (
  { anvil, admin, factory, irm, artifactOf }: MorphoChain,
  {
    loanToken,
    oracle,
    count,
  }: { readonly loanToken: Address; readonly oracle: Address; readonly count: number },
): Promise<void> => {
  const params = { loanToken, collateralToken: zeroAddress, oracle, irm, lltv: lltvOf(86) }
  const { abi } = artifactOf('MorphoBlueFactory')
  const data = encodeFunctionData({ abi, functionName: 'spam', args: [params, BigInt(count)] })
  await sendTransaction(anvil, { from: admin, to: factory, data, gas: GAS })
}

/** A call to Morpho by any account, which needs neither key nor ether. */
export const asMorphoUser = async (
  { anvil, morpho, artifactOf }: MorphoChain,
  from: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<Receipt> => {
  await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
  const data = encodeFunctionData({ abi: artifactOf('Morpho').abi, functionName, args })
  return sendTransaction(anvil, { from, to: morpho, data })
}

/** Gives an account tokens, and Morpho the right to take them. */
export const giveMorphoTokens = async (
  { anvil, deployer, morpho, artifactOf }: MorphoChain,
  { to, token, amount }: { readonly to: Address; readonly token: Address; readonly amount: bigint },
): Promise<void> => {
  await deployer.send('MorphoBlueToken', token, 'mint', [to, amount])
  await anvil.rpc('anvil_setBalance', [to, toHex(10n ** 21n)])
  const { abi } = artifactOf('MorphoBlueToken')
  const data = encodeFunctionData({ abi, functionName: 'approve', args: [morpho, 2n ** 256n - 1n] })
  await sendTransaction(anvil, { from: to, to: token, data })
}

export type MorphoQuestion = {
  readonly market: Hex
  readonly borrower: Address
  /** Of the feed; 0 to leave it as it is. */
  readonly answer: bigint
}

const QUESTIONS = 400

/** What Morpho does when somebody with tokens in hand liquidates: true done, false healthy, null refused otherwise. */
export const askMorpho = async (
  { anvil, morpho, asker, feeds, artifactOf }: MorphoChain,
  questions: readonly MorphoQuestion[],
  feed: MorphoFeed = 'ETH',
): Promise<readonly (boolean | null)[]> => {
  const { abi } = artifactOf('MorphoBlueAsker')
  const answers: (boolean | null)[] = []
  for (let start = 0; start < questions.length; start += QUESTIONS) {
    const args = [morpho, feeds[feed], questions.slice(start, start + QUESTIONS)]
    const call = { to: asker, data: encodeFunctionData({ abi, functionName: 'ask', args }), gas: toHex(GAS) }
    const data = await anvil.rpc<Hex>('eth_call', [call, 'latest'])
    const outcomes = decodeFunctionResult({ abi, functionName: 'ask', data }) as readonly bigint[]
    answers.push(...outcomes.map((outcome) => (outcome === 3n ? null : outcome === 2n)))
  }
  return answers
}
