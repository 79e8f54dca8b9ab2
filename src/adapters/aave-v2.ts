import { aaveV2EventsAbi } from '../../abis/aave-v2.ts'
import { AAVE_V2, AAVE_V2_WIND_DOWN } from '../core/cascade/rules.ts'
import { createAave } from './aave.ts'
import { aaveV2Deployments } from './aave-v2-deployments.ts'
import { readMarkets } from './aave-v2-markets.ts'
import { aaveV3Links } from './aave-v3-links.ts'

/** Aave V2: prices in ETH on Ethereum and Polygon and in USD on Avalanche, debt at stable rates, one pause for all. */
export const aaveV2 = createAave({
  name: 'aave-v2',
  deployments: aaveV2Deployments,
  markets: readMarkets,
  events: aaveV2EventsAbi,
  accountTopics: {
    Borrow: [2],
    Deposit: [2],
    Withdraw: [2],
    Repay: [2],
    Swap: [2],
    RebalanceStableBorrowRate: [2],
    LiquidationCall: [3],
    ReserveUsedAsCollateralEnabled: [2],
    ReserveUsedAsCollateralDisabled: [2],
    BalanceTransfer: [1, 2],
  },
  links: aaveV3Links,
  liquidationRule: ({ wholeDebt }) => (wholeDebt ? AAVE_V2_WIND_DOWN : AAVE_V2),
  notes: () => [],
})
