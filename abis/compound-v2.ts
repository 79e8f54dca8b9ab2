/**
 * The functions and events of Compound V2, Venus (core pool) and Moonwell that are called or read.
 * Source: compound-finance/compound-protocol@a3214f6 (Comptroller, CTokenInterfaces), moonwell-contracts-v2@45866f4
 * (Comptroller, MTokenInterfaces), @venusprotocol/venus-protocol 0.7.0 and 10.3.0 (Comptroller, the Diamond's facets,
 * VToken, VAIController); compared with both packages of Venus by test/adapters/compound-v2-abis.test.ts.
 * accrueInterest, borrowBalanceCurrent and accrueVAIInterest are declared view: they are only asked inside an eth_call.
 */
import { parseAbi } from 'viem'

/** `markets` in the words that all share; Venus answers more behind them. */
export const compoundComptrollerAbi = parseAbi([
  'function oracle() view returns (address)',
  'function closeFactorMantissa() view returns (uint256)',
  'function getAllMarkets() view returns (address[])',
  'function getAssetsIn(address account) view returns (address[])',
  'function markets(address cToken) view returns (bool isListed, uint256 collateralFactorMantissa)',
  'function getAccountLiquidity(address account) view returns (uint256 code, uint256 liquidity, uint256 shortfall)',
])

/** What Compound and Moonwell have beside it; isDeprecated is Compound's alone. */
export const compoundOnlyAbi = parseAbi([
  'function liquidationIncentiveMantissa() view returns (uint256)',
  'function seizeGuardianPaused() view returns (bool)',
  'function isDeprecated(address cToken) view returns (bool)',
])

/** What Venus has beside it. Actions: 3 repay, 4 seize, 5 liquidate (ComptrollerInterface.Action). */
export const venusComptrollerAbi = parseAbi([
  'function protocolPaused() view returns (bool)',
  'function actionPaused(address market, uint8 action) view returns (bool)',
  'function isForcedLiquidationEnabled(address market) view returns (bool)',
  'function isForcedLiquidationEnabledForUser(address user, address market) view returns (bool)',
  'function lastPoolId() view returns (uint96)',
  'function pools(uint96 poolId) view returns (string label, bool isActive, bool allowCorePoolFallback)',
  'function poolMarkets(uint96 poolId, address vToken) view returns (bool isListed, uint256 collateralFactorMantissa, bool isVenus, uint256 liquidationThresholdMantissa, uint256 liquidationIncentiveMantissa, uint96 marketPoolId, bool isBorrowAllowed)',
  'function userPoolId(address account) view returns (uint96)',
  'function vaiController() view returns (address)',
  'function mintedVAIs(address account) view returns (uint256)',
])

export const vaiControllerAbi = parseAbi([
  'function accrueVAIInterest() view',
  'function vaiMintIndex() view returns (uint256)',
  'function getVAIAddress() view returns (address)',
  'function pastVAIInterest(address account) view returns (uint256)',
  'function getVAIMinterInterestIndex(address account) view returns (uint256)',
])

/** `accrualBlockTimestamp` is Moonwell's, `accrualBlockNumber` the others'; `symbol` and `decimals` also of tokens. */
export const cTokenAbi = parseAbi([
  'function symbol() view returns (string)',
  'function decimals() view returns (uint8)',
  'function underlying() view returns (address)',
  'function accrueInterest() view returns (uint256)',
  'function borrowBalanceCurrent(address account) view returns (uint256)',
  'function accrualBlockNumber() view returns (uint256)',
  'function accrualBlockTimestamp() view returns (uint256)',
  'function borrowIndex() view returns (uint256)',
  'function totalBorrows() view returns (uint256)',
  'function exchangeRateStored() view returns (uint256)',
  'function protocolSeizeShareMantissa() view returns (uint256)',
  'function getAccountSnapshot(address account) view returns (uint256 code, uint256 tokens, uint256 borrowed, uint256 exchangeRate)',
])

/** `getFeed` is of the ChainlinkOracle of Moonwell and of Venus' first one. */
export const compoundOracleAbi = parseAbi([
  'function getUnderlyingPrice(address cToken) view returns (uint256)',
  'function getFeed(string symbol) view returns (address)',
])

/** Moonwell's ChainlinkCompositeOracle and ChainlinkFeedOEVWrapper: the feed below them. */
export const moonwellFeedAbi = parseAbi([
  'function base() view returns (address)',
  'function originalFeed() view returns (address)',
])

export const compoundEventsAbi = parseAbi([
  'event Borrow(address borrower, uint256 borrowAmount, uint256 accountBorrows, uint256 totalBorrows)',
  'event RepayBorrow(address payer, address borrower, uint256 repayAmount, uint256 accountBorrows, uint256 totalBorrows)',
  'event Transfer(address indexed from, address indexed to, uint256 amount)',
  'event MarketEntered(address cToken, address account)',
  'event MarketExited(address cToken, address account)',
])

/** Venus indexes the fields of MarketEntered and MarketExited since its Diamond: the topic stays the same. */
export const venusEventsAbi = parseAbi([
  'event MarketEntered(address indexed vToken, address indexed account)',
  'event MarketExited(address indexed vToken, address indexed account)',
  'event PoolSelected(address indexed account, uint96 previousPoolId, uint96 indexed newPoolId)',
  'event IsForcedLiquidationEnabledForUserUpdated(address indexed borrower, address indexed vToken, bool enable)',
  'event MintVAI(address minter, uint256 mintVAIAmount)',
  'event RepayVAI(address payer, address borrower, uint256 repayVAIAmount)',
])
