import { type Address, encodeFunctionData, getAddress, toEventSelector } from 'viem'
import { z } from 'zod'
import { priceFeedV1Abi, troveEventsV1Abi, troveManagerV1Abi } from '../../abis/liquity-v1.ts'
import { type LiquidationRule, WHOLE_POSITION } from '../core/cascade/rules.ts'
import type { Leg, Position } from '../core/position.ts'
import { toNumber, WAD } from '../core/units.ts'
import type { Adapter } from './adapter.ts'
import { address } from './fields.ts'
import { liquityV1Deployments } from './liquity-v1-deployments.ts'
import { type LiquityV1Deployment, type LiquityV1Markets, readMarkets } from './liquity-v1-markets.ts'
import {
  isRecovering,
  isTaken,
  pendingShare,
  recoveryPrice,
  standingOf,
  type Trove,
} from './liquity-v1-rules.ts'
import { revertReason } from './revert-reason.ts'

const deploymentSchema = z.strictObject({
  troveManager: address,
  native: address.optional(),
  fromBlock: z.number().int().nonnegative(),
})

/** A trove as recorded; what redistributions add to it follows from its stake and snapshots. */
export type LiquityV1Account = {
  readonly debt: bigint
  readonly collateral: bigint
  readonly stake: bigint
  /** The redistributed sums per unit of stake that the record already holds. */
  readonly snapshot: { readonly collateral: bigint; readonly debt: bigint }
}

const CLOSED: LiquityV1Account = {
  debt: 0n,
  collateral: 0n,
  stake: 0n,
  snapshot: { collateral: 0n, debt: 0n },
}

/** TroveManager.Status. */
const ACTIVE = 1

const TROVE_UPDATED = troveEventsV1Abi.map((event) => toEventSelector(event))

/** Debt and collateral with everything that was redistributed to the trove. */
const troveOf = (
  { redistributed }: LiquityV1Markets,
  { debt, collateral, stake, snapshot }: LiquityV1Account,
): Trove =>
  debt === 0n
    ? { debt: 0n, collateral: 0n }
    : {
        debt: debt + pendingShare(stake, redistributed.debt, snapshot.debt),
        collateral: collateral + pendingShare(stake, redistributed.collateral, snapshot.collateral),
      }

/**
 * The Stability Pool takes the debt over and gets the collateral, up to 110 % of the debt in recovery mode
 * (_getCappedOffsetVals); a trove below that ratio loses all of it, and its debt is gone though no bonus is left. What
 * the pool cannot take, the other troves get: the collateral is counted as if they sold it.
 */
const RULE: LiquidationRule = {
  ...WHOLE_POSITION,
  name: 'Liquity V1: collateral for at most 110 % of the debt',
  penaltyToProtocol: true,
  typicalBonus: 0.1,
}

/** The coin has no address; it goes by its wrapped token where one is named. */
const coinOf = ({ native, priceFeed }: LiquityV1Markets): Address => native ?? priceFeed

const collateralLeg = (markets: LiquityV1Markets, trove: Trove, price: bigint): Leg => ({
  asset: coinOf(markets),
  pricedAs: markets.priceFeed,
  symbol: 'ETH',
  decimals: 18,
  amount: trove.collateral,
  usd: (trove.collateral * price) / WAD,
  threshold: standingOf(trove, markets.system, price).threshold,
  // below the minimum all collateral goes, which is no more than this; in recovery mode exactly this much goes
  bonus: markets.system.minimumRatio - WAD,
})

/** The protocol takes a LUSD for a dollar, whatever the market pays for it. */
const debtLeg = ({ debtToken: { asset, symbol } }: LiquityV1Markets, debt: bigint): Leg => ({
  asset,
  pricedAs: asset,
  symbol,
  decimals: 18,
  amount: debt,
  usd: debt,
  threshold: WAD,
  bonus: null,
})

/**
 * How far the sum of the troves may lie from the system's: each share of a redistribution is cut to a wei, per trove and
 * per unit of stake. This is 10^-8 LUSD.
 */
const ROUNDING = 10n ** 10n

/** ActivePool pays the liquidator in the end, which the contract that asks for us does not accept: all is undone again. */
const REACHED_PAYMENT = 'ActivePool: sending ETH failed'
const NOTHING = 'TroveManager: nothing to liquidate'

const usd = (wad: bigint): string => (Math.round(toNumber(wad, 18) * 100) / 100).toString()

const recoveryNote = ({ system, price, debtToken }: LiquityV1Markets): string | null => {
  const entry = recoveryPrice(system)
  if (entry === null || price === null) return null
  const ratio = usd((system.collateral * price * 100n) / system.debt)
  const when = isRecovering(system, price)
    ? `the system is in recovery mode (ratio ${ratio} %), up to ${usd(entry)} USD`
    : `at ${usd(entry)} USD the system (ratio ${ratio} %) enters recovery mode`
  return `${when}: it then also takes troves below its own ratio whose debt the Stability Pool (${usd(system.pool)} ${debtToken.symbol}) holds, for ${usd(system.minimumRatio * 100n)} % of the debt, the rest stays the owner's; to the first order, as each such liquidation raises the ratio and empties the pool`
}

const statusGap = ({ status, aggregator }: LiquityV1Markets): readonly string[] =>
  status === 'chainlink'
    ? []
    : [
        `the price feed does not believe Chainlink (${aggregator ?? 'no feed named'}) at this block and takes the ${status === 'tellor' ? 'price of Tellor' : status}: how it follows the market is not measured`,
      ]

/** Liquity V1: one system, ETH against LUSD; an account is the owner of its only trove. */
export const liquityV1: Adapter<LiquityV1Deployment, LiquityV1Markets, LiquityV1Account> = {
  name: 'liquity-v1',
  deployments: liquityV1Deployments,
  checkedAgainst: 'stand-in',

  parseDeployment: (input) => {
    const { troveManager, native = null, fromBlock } = deploymentSchema.parse(input)
    return { troveManager, native, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  // the array of owners is complete and costs no logs; what changed since the last scan only logs tell
  async *touched({ read, logs }, { troveManager, borrowerOperations, system }, { from, to, known }) {
    if (known === null) {
      const owners = await Promise.all(
        Array.from({ length: Number(system.troves) }, (_, i) =>
          read({
            address: troveManager,
            abi: troveManagerV1Abi,
            functionName: 'getTroveFromTroveOwnersArray',
            args: [BigInt(i)],
          }),
        ),
      )
      yield* owners.map((owner) => getAddress(owner))
      return
    }
    const contracts = [...new Set([troveManager, borrowerOperations])]
    for await (const { topics } of logs({ address: contracts, topics: [TROVE_UPDATED] }, from, to)) {
      const borrower = topics[1]
      if (borrower) yield getAddress(`0x${borrower.slice(26)}`)
    }
  },

  read: ({ read }, { troveManager }, keys) =>
    Promise.all(
      keys.map(async (key) => {
        const manager = { address: troveManager, abi: troveManagerV1Abi } as const
        const args = [key as Address] as const
        const [trove, snapshot] = await Promise.all([
          read({ ...manager, functionName: 'Troves', args }),
          read({ ...manager, functionName: 'rewardSnapshots', args }),
        ])
        const [debt, collateral, stake, status] = trove
        if (status !== ACTIVE) return CLOSED
        return { debt, collateral, stake, snapshot: { collateral: snapshot[0], debt: snapshot[1] } }
      }),
    ),

  hasDebt: ({ debt }) => debt > 0n,

  position: (markets, key, account): Position => {
    const { system, price } = markets
    const trove = troveOf(markets, account)
    const { collateral, debt } = trove
    return {
      id: key,
      owner: key,
      collateral: collateral === 0n ? [] : [collateralLeg(markets, trove, price ?? 0n)],
      debt: debt === 0n ? [] : [debtLeg(markets, debt)],
      healthFactor: price === null ? null : standingOf(trove, system, price).health,
      liquidatable: price !== null && isTaken(trove, system, price),
      range: null,
      unpriced: price === null ? 'the price feed gives none' : null,
      blocked: null,
    }
  },

  isLiquidatable: (markets, account) => {
    const trove = troveOf(markets, account)
    return (priceOf) => isTaken(trove, markets.system, priceOf(markets.priceFeed))
  },

  phase: () => null,

  liquidationRule: () => RULE,

  prices: ({ priceFeed, aggregator, price, native, status, debtToken }) => [
    {
      asset: priceFeed,
      symbol: 'ETH',
      price,
      decimals: 18,
      ask: { to: priceFeed, data: encodeFunctionData({ abi: priceFeedV1Abi, functionName: 'fetchPrice' }) },
      feeds: aggregator === null ? [priceFeed] : [priceFeed, aggregator],
      // a price that is kept follows nothing, whatever data/assets.json knows of the token
      ...(native !== null && status !== 'last good price' && { token: native }),
    },
    { ...debtToken, price: WAD, decimals: 18, ask: null, feeds: [] },
  ],

  totals: ({ debtToken, system: { debt } }) => [
    { ...debtToken, total: debt, tolerance: ROUNDING, usd: debt },
  ],

  debts: (markets, account) => ({ [markets.debtToken.asset]: troveOf(markets, account).debt }),

  verdict: ({ troveManager }, key) => ({
    to: troveManager,
    data: encodeFunctionData({
      abi: troveManagerV1Abi,
      functionName: 'liquidate',
      args: [key as Address],
    }),
    isLiquidatable: ({ success, data }) => {
      if (success) return true
      const reason = revertReason(data)
      if (reason === NOTHING) return false
      return reason === REACHED_PAYMENT ? true : null
    },
  }),

  remarks: (markets) => {
    const { price, system } = markets
    const recovery = recoveryNote(markets)
    return {
      notes: [
        ...(recovery === null ? [] : [recovery]),
        ...(price === null
          ? []
          : [
              `its price feed takes a fall of more than half from one Chainlink answer to the next for a failure: prices below ${usd(price / 2n)} USD hold where ETH gets there in steps`,
            ]),
        ...(system.troves === 1n ? ['only one trove is left, and the last one is never liquidated'] : []),
      ],
      gaps: statusGap(markets),
    }
  },
}
