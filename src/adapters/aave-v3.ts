import { aaveV3EventsAbi } from '../../abis/aave-v3.ts'
import { AAVE, AAVE_BEFORE_33 } from '../core/cascade/rules.ts'
import { createAave, type Dialect } from './aave.ts'
import { aaveV3Deployments } from './aave-v3-deployments.ts'
import { aaveV3Links } from './aave-v3-links.ts'
import { readMarkets } from './aave-v3-markets.ts'
import { NEWEST_KNOWN_REVISION, rulesOf } from './aave-v3-rules.ts'

/** Aave V3 or a fork of it, revisions 3.0 … 3.7: what differs is told by the Pool's own revision. */
export const createAaveV3 = (own: Pick<Dialect, 'name' | 'deployments'>) =>
  createAave({
    ...own,
    markets: readMarkets,
    events: aaveV3EventsAbi,
    accountTopics: {
      Borrow: [2],
      Supply: [2],
      Withdraw: [2],
      Repay: [2],
      LiquidationCall: [3],
      ReserveUsedAsCollateralEnabled: [2],
      ReserveUsedAsCollateralDisabled: [2],
      UserEModeSet: [1],
      SwapBorrowRateMode: [2],
      RebalanceStableBorrowRate: [2],
      DeficitCreated: [1],
      BalanceTransfer: [1, 2],
    },
    links: aaveV3Links,
    liquidationRule: ({ revision }) => (rulesOf(revision).halfOfAllDebt ? AAVE : AAVE_BEFORE_33),
    notes: ({ revision }) =>
      revision > NEWEST_KNOWN_REVISION
        ? [
            `Pool revision ${revision} is newer than ${NEWEST_KNOWN_REVISION}, the newest one known here: read by the rules of ${NEWEST_KNOWN_REVISION}`,
          ]
        : [],
  })

/** Aave V3, revisions 3.0 … 3.7. */
export const aaveV3 = createAaveV3({ name: 'aave-v3', deployments: aaveV3Deployments })
