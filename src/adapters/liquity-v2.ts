import { type Address, decodeFunctionResult, encodeFunctionData } from 'viem'
import { z } from 'zod'
import { chainlinkFeedAbi } from '../../abis/chainlink-feed.ts'
import { priceFeedV2Abi, troveManagerV2Abi } from '../../abis/liquity-v2.ts'
import type { Leg, Position } from '../core/position.ts'
import { toNumber, WAD } from '../core/units.ts'
import type { Adapter, PricedAsset, PriceOf } from './adapter.ts'
import { address } from './fields.ts'
import { keyOf, type LiquityV2Account, listTroves, readTrove, troveOf } from './liquity-v2-accounts.ts'
import { liquityV2Deployments } from './liquity-v2-deployments.ts'
import {
  type Branch,
  type LiquityV2Deployment,
  type LiquityV2Markets,
  readMarkets,
} from './liquity-v2-markets.ts'
import { cappedPrice, entireDebt, isBelow, ratioOf } from './liquity-v2-rules.ts'

const deploymentSchema = z.strictObject({
  collateralRegistry: address,
  branches: z.array(address).min(1, 'name the AddressesRegistry of every branch'),
  fromBlock: z.number().int().nonnegative(),
})

/** The branch that holds an account's trove: an account alone does not say. */
type Held = { readonly branch: Branch; readonly debt: bigint; readonly collateral: bigint }

const debtIn = (markets: LiquityV2Markets, branch: Branch, account: LiquityV2Account): bigint => {
  const batch = account.batch === null ? null : (branch.batches[account.batch] ?? null)
  return entireDebt(account, batch, {
    timestamp: markets.timestamp,
    shutdownTime: branch.shutdownTime,
  })
}

const heldBy = (markets: LiquityV2Markets, account: LiquityV2Account): Held | null => {
  const branch = account.branch === null ? undefined : markets.branches[account.branch]
  return branch ? { branch, debt: debtIn(markets, branch, account), collateral: account.collateral } : null
}

/** The key under which a branch's price is asked for: its own feed, or ETH/USD where that is all it still follows. */
const pricedAs = ({ source, priceFeed }: Branch): Address =>
  source.kind === 'capped' ? source.aggregator : priceFeed

/** USD of 10^18 raw units of collateral, WAD, with the assets at other prices. */
const priceIn = (branch: Branch, priceOf: PriceOf): bigint => {
  const price = priceOf(pricedAs(branch))
  return branch.source.kind === 'capped' ? cappedPrice(price, branch.source.terms) : price
}

/** The same at the pinned block; null where the feed gives none. */
const spotOf = (branch: Branch): bigint | null =>
  branch.source.price === null ? null : priceIn(branch, () => branch.source.price ?? 0n)

const pricedAsset = (branch: Branch): PricedAsset => {
  const { source, collateral, priceFeed, ethUsd } = branch
  const asset = pricedAs(branch)
  if (source.kind === 'capped')
    return {
      asset,
      symbol: 'ETH',
      price: source.price,
      decimals: source.decimals,
      ask: {
        to: asset,
        data: encodeFunctionData({ abi: chainlinkFeedAbi, functionName: 'latestAnswer' }),
      },
      stub: { feed: asset, decimals: source.decimals },
      feeds: [asset],
      token: source.weth,
    }
  return {
    asset,
    symbol: collateral.symbol,
    price: source.price,
    decimals: 18,
    ask: { to: priceFeed, data: encodeFunctionData({ abi: priceFeedV2Abi, functionName: 'fetchPrice' }) },
    feeds: ethUsd === null ? [priceFeed] : [priceFeed, ethUsd],
    // what keeps its last price for ever follows nothing, whatever data/assets.json knows of the token
    ...(source.kind === 'primary' && { token: collateral.asset }),
  }
}

const debtLeg = ({ asset, symbol }: LiquityV2Markets['bold'], debt: bigint): Leg => ({
  asset,
  pricedAs: asset,
  symbol,
  decimals: 18,
  amount: debt,
  usd: debt,
  threshold: WAD,
  bonus: null,
})

const collateralLeg = (branch: Branch, amount: bigint): Leg => ({
  ...branch.collateral,
  pricedAs: pricedAs(branch),
  amount,
  usd: (amount * (spotOf(branch) ?? 0n)) / WAD,
  threshold: (WAD * WAD) / branch.minimumRatio,
  bonus: branch.penalty,
})

/**
 * How far a branch's own sum may lie from that of its troves: interest is rounded up for the sum and down for every
 * trove, each time by less than a wei. liquity/bold allows itself 10^8 wei in its invariant tests; this is 10^-8 BOLD,
 * for years of such events.
 */
const ROUNDING = 10n ** 10n

const dateOf = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString().slice(0, 10)

const shutDownNote = (branch: Branch): string => {
  const { collateral, source, shutdownTime } = branch
  const spot = toNumber(spotOf(branch) ?? 0n, 18)
  const price =
    source.kind === 'constant'
      ? `its price stays at ${spot} USD, so nothing follows the market`
      : source.kind === 'capped'
        ? `its price follows ETH/USD but never above ${toNumber(source.terms.cap, 18)} USD`
        : 'its price still follows the market'
  return `the ${collateral.symbol} branch is shut down since ${dateOf(shutdownTime)}: no interest; ${price}; urgent redemptions may take collateral at any ratio`
}

/** Liquity V2 and its forks: one system with its branches; an account is a trove, `branch:troveId`. */
export const liquityV2: Adapter<LiquityV2Deployment, LiquityV2Markets, LiquityV2Account> = {
  name: 'liquity-v2',
  deployments: liquityV2Deployments,
  checkedAgainst: 'stand-in',
  // redistributions, batches and transfers of the NFT change troves that no log of the branch names
  silent: true,

  parseDeployment: (input) => {
    const { collateralRegistry, branches, fromBlock } = deploymentSchema.parse(input)
    return { collateralRegistry, branches, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  async *touched(context, { branches }) {
    for (const branch of Object.values(branches))
      for (const id of await listTroves(context, branch)) yield keyOf(branch, id)
  },

  read: (context, markets, keys) =>
    Promise.all(
      keys.map((key) => {
        const { branch, id } = troveOf(markets, key)
        return readTrove(context, branch, id)
      }),
    ),

  hasDebt: ({ recordedDebt, batchShares, redistributedDebt }) =>
    recordedDebt > 0n || batchShares > 0n || redistributedDebt > 0n,

  position: (markets, key, account): Position => {
    const { branch } = troveOf(markets, key)
    const { collateral } = account
    const debt = debtIn(markets, branch, account)
    const price = spotOf(branch)
    const ratio = price === null ? null : ratioOf(collateral, debt, price)
    return {
      id: key,
      owner: account.owner,
      collateral: collateral === 0n ? [] : [collateralLeg(branch, collateral)],
      debt: debt === 0n ? [] : [debtLeg(markets.bold, debt)],
      healthFactor: ratio === null ? null : (ratio * WAD) / branch.minimumRatio,
      liquidatable: price !== null && isBelow({ collateral, debt }, price, branch.minimumRatio),
      range: null,
      unpriced: price === null ? `the price feed of the ${branch.collateral.symbol} branch gives none` : null,
      blocked: branch.troves === 1n ? 'the last trove of a branch cannot be liquidated' : null,
    }
  },

  isLiquidatable: (markets, account) => {
    const held = heldBy(markets, account)
    return (priceOf) =>
      held !== null && isBelow(held, priceIn(held.branch, priceOf), held.branch.minimumRatio)
  },

  phase: () => null,

  prices: ({ branches, bold }) => {
    const assets = Object.values(branches).map(pricedAsset)
    const distinct = assets.filter(({ asset }, i) => assets.findIndex((one) => one.asset === asset) === i)
    // the protocol takes a unit of its debt for a dollar, whatever the market pays for it
    const unit = { price: WAD, decimals: 18, ask: null, feeds: [] }
    return [...distinct, { ...bold, ...unit }]
  },

  totals: ({ branches, bold }) =>
    Object.values(branches).map(({ index, collateral, debt }) => ({
      asset: String(index),
      symbol: `${bold.symbol} of the ${collateral.symbol} branch`,
      total: debt,
      tolerance: ROUNDING,
      usd: debt,
    })),

  debts: (markets, account) => {
    const held = heldBy(markets, account)
    return held === null ? {} : { [held.branch.index]: held.debt }
  },

  verdict: (markets, key, priceOf) => {
    const { branch, id } = troveOf(markets, key)
    const functionName = 'getCurrentICR'
    return {
      to: branch.troveManager,
      data: encodeFunctionData({
        abi: troveManagerV2Abi,
        functionName,
        args: [id, priceIn(branch, priceOf)],
      }),
      isLiquidatable: ({ success, data }) =>
        success
          ? decodeFunctionResult({ abi: troveManagerV2Abi, functionName, data }) < branch.minimumRatio
          : null,
    }
  },

  remarks: ({ branches, unknown }) => {
    const all = Object.values(branches)
    return {
      notes: all.filter(({ shutdownTime }) => shutdownTime > 0n).map(shutDownNote),
      gaps: [
        ...unknown.map(
          ({ index, troveManager }) =>
            `branch ${index} (TroveManager ${troveManager}) is not read: name its AddressesRegistry in the deployment's branches`,
        ),
        ...all
          .filter(({ failing }) => failing)
          .map(
            ({ collateral }) =>
              `the price feed of the ${collateral.symbol} branch fails at this block: the next call shuts the branch down and changes its price`,
          ),
      ],
    }
  },
}
