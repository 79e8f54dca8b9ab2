// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/**
 * A stand-in for Liquity V2, written for these tests from its published rules (interest, batches, redistribution,
 * liquidation, price sources); not the protocol's code. One contract plays a branch's AddressesRegistry, TroveManager,
 * TroveNFT and StabilityPool; whoever calls it acts for everybody.
 */
interface IFeed {
  function fetchPrice() external returns (uint256, bool);
}

interface IAnswers {
  function latestAnswer() external view returns (int256);
}

contract BoldRegistryStandIn {
  address[] public getTroveManager;

  function add(address branch) external {
    getTroveManager.push(branch);
  }

  function totalCollaterals() external view returns (uint256) {
    return getTroveManager.length;
  }
}

contract BoldAggregatorStandIn {
  int256 public latestAnswer;
  uint8 public decimals;

  constructor(int256 answer, uint8 scale) {
    (latestAnswer, decimals) = (answer, scale);
  }

  function set(int256 answer) external {
    latestAnswer = answer;
  }

  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
    return (1, latestAnswer, block.timestamp, block.timestamp, 1);
  }
}

contract BoldTokenStandIn {
  string public symbol;
  uint8 public constant decimals = 18;
  uint256 public getExchangeRate;

  constructor(string memory name, uint256 rate) {
    (symbol, getExchangeRate) = (name, rate);
  }
}

/** kind 0: ETH/USD; 1: market feed in USD · rate; 2: ETH/USD · the smaller of market feed in ETH and rate. */
contract BoldFeedStandIn {
  uint8 public kind;
  uint8 public priceSource;
  bool public failing;
  uint256 public lastGoodPrice;
  address public eth;
  address public market;
  address public rateProviderAddress;

  constructor(uint8 kind_, address eth_, address market_, address lst) {
    (kind, eth, market, rateProviderAddress) = (kind_, eth_, market_, lst);
    fetchPrice();
  }

  function ethUsdOracle() external view returns (address, uint256, uint8) {
    return (eth, 1 days, 8);
  }

  function setSource(uint8 source) external {
    priceSource = source;
  }

  function setFailing(bool failing_) external {
    failing = failing_;
  }

  function fetchPrice() public returns (uint256, bool) {
    if (priceSource == 2 || failing) return (lastGoodPrice, failing);
    uint256 usd = uint256(IAnswers(eth).latestAnswer()) * 1e10;
    uint256 price = usd;
    if (kind > 0) {
      uint256 rate = BoldTokenStandIn(rateProviderAddress).getExchangeRate();
      uint256 canonical = usd * rate / 1e18;
      uint256 told = uint256(IAnswers(market).latestAnswer());
      if (priceSource == 1) price = canonical < lastGoodPrice ? canonical : lastGoodPrice;
      else if (kind == 1) price = told * 1e10 * rate / 1e18;
      else {
        uint256 traded = usd * told / 1e18;
        price = traded < canonical ? traded : canonical;
      }
    }
    lastGoodPrice = price;
    return (price, false);
  }
}

contract BoldBranchStandIn {
  struct Trove {
    uint256 debt;
    uint256 coll;
    uint256 stake;
    uint8 status;
    uint64 arrayIndex;
    uint64 lastDebtUpdateTime;
    uint64 lastInterestRateAdjTime;
    uint256 annualInterestRate;
    address interestBatchManager;
    uint256 batchDebtShares;
  }

  struct LatestTroveData {
    uint256 entireDebt;
    uint256 entireColl;
    uint256 redistBoldDebtGain;
    uint256 redistCollGain;
    uint256 accruedInterest;
    uint256 recordedDebt;
    uint256 annualInterestRate;
    uint256 weightedRecordedDebt;
    uint256 accruedBatchManagementFee;
    uint256 lastInterestRateAdjTime;
  }

  struct LatestBatchData {
    uint256 totalDebtShares;
    uint256 entireDebtWithoutRedistribution;
    uint256 entireCollWithoutRedistribution;
    uint256 accruedInterest;
    uint256 recordedDebt;
    uint256 annualInterestRate;
    uint256 weightedRecordedDebt;
    uint256 annualManagementFee;
    uint256 accruedManagementFee;
    uint256 weightedRecordedBatchManagementFee;
    uint256 lastDebtUpdateTime;
    uint256 lastInterestRateAdjTime;
  }

  struct Batch {
    uint256 debt;
    uint256 rate;
    uint256 fee;
    uint256 updatedAt;
    uint256 shares;
  }

  struct Plan {
    address owner;
    uint256 id;
    uint256 coll;
    uint256 debt;
    uint256 rate;
    address manager;
  }

  error NothingToLiquidate();
  error OnlyOneTroveLeft();

  uint8 constant ACTIVE = 1;
  uint8 constant CLOSED = 2;
  uint8 constant LIQUIDATED = 3;
  uint8 constant ZOMBIE = 4;
  uint256 constant YEAR = 365 days;

  address public collToken;
  address public boldToken;
  address public WETH;
  address public priceFeed;
  uint256 public MCR;
  uint256 public LIQUIDATION_PENALTY_SP = 5e16;
  uint256 public penaltyRedistribution;

  mapping(uint256 => Trove) public Troves;
  mapping(uint256 => address) public ownerOf;
  mapping(address => Batch) internal batches;
  address[] public batchIds;
  uint256[] public getTroveFromTroveIdsArray;
  uint256 public shutdownTime;
  uint256 public getTotalBoldDeposits;

  mapping(uint256 => uint256[2]) internal snapshots;
  uint256[2] internal running;
  uint256[2] internal errors;
  uint256 internal totalStakes;
  uint256 internal stakesSnapshot;
  uint256 internal collSnapshot;

  uint256 internal activeDebt;
  uint256 internal weighted;
  uint256 internal bookedAt;
  uint256 internal fees;
  uint256 internal weightedFees;
  uint256 internal feesBookedAt;
  uint256 internal activeColl;
  uint256 internal defaultDebt;
  uint256 internal defaultColl;

  constructor(address coll, address bold, address weth, address feed, uint256 minimum) {
    (collToken, boldToken, WETH, priceFeed, MCR) = (coll, bold, weth, feed, minimum);
    penaltyRedistribution = minimum - 1e18;
  }

  function troveManager() external view returns (address) {
    return address(this);
  }

  function troveNFT() external view returns (address) {
    return address(this);
  }

  function stabilityPool() external view returns (address) {
    return address(this);
  }

  function getTroveIdsCount() external view returns (uint256) {
    return getTroveFromTroveIdsArray.length;
  }

  // ---- the rules of interest

  function period(uint256 since) internal view returns (uint256) {
    if (shutdownTime == 0) return block.timestamp - since;
    return since < shutdownTime ? shutdownTime - since : 0;
  }

  function interest(uint256 product, uint256 time) internal pure returns (uint256) {
    return product * time / YEAR / 1e18;
  }

  function up(uint256 product, uint256 time) internal pure returns (uint256) {
    return (product * time + YEAR * 1e18 - 1) / (YEAR * 1e18);
  }

  function pendingInterest() internal view returns (uint256) {
    return shutdownTime != 0 ? 0 : up(weighted, block.timestamp - bookedAt);
  }

  function pendingFees() internal view returns (uint256) {
    uint256 end = shutdownTime != 0 ? shutdownTime : block.timestamp;
    return feesBookedAt > end ? 0 : up(weightedFees, end - feesBookedAt);
  }

  function getEntireBranchDebt() external view returns (uint256) {
    return activeDebt + pendingInterest() + fees + pendingFees() + defaultDebt;
  }

  function getLatestBatchData(address manager) public view returns (LatestBatchData memory data) {
    Batch memory batch = batches[manager];
    uint256 time = period(batch.updatedAt);
    data.totalDebtShares = batch.shares;
    data.recordedDebt = batch.debt;
    data.annualInterestRate = batch.rate;
    data.annualManagementFee = batch.fee;
    data.accruedInterest = interest(batch.debt * batch.rate, time);
    data.accruedManagementFee = interest(batch.debt * batch.fee, time);
    data.entireDebtWithoutRedistribution = batch.debt + data.accruedInterest + data.accruedManagementFee;
    data.lastDebtUpdateTime = batch.updatedAt;
  }

  function getLatestTroveData(uint256 id) public view returns (LatestTroveData memory data) {
    Trove memory trove = Troves[id];
    data.redistCollGain = trove.stake * (running[0] - snapshots[id][0]) / 1e18;
    data.redistBoldDebtGain = trove.stake * (running[1] - snapshots[id][1]) / 1e18;
    if (trove.interestBatchManager != address(0)) {
      LatestBatchData memory batch = getLatestBatchData(trove.interestBatchManager);
      if (batch.totalDebtShares > 0) {
        data.recordedDebt = batch.recordedDebt * trove.batchDebtShares / batch.totalDebtShares;
        data.accruedInterest = batch.accruedInterest * trove.batchDebtShares / batch.totalDebtShares;
        data.accruedBatchManagementFee =
          batch.accruedManagementFee * trove.batchDebtShares / batch.totalDebtShares;
      }
    } else {
      data.recordedDebt = trove.debt;
      data.accruedInterest =
        interest(trove.debt * trove.annualInterestRate, period(trove.lastDebtUpdateTime));
    }
    data.entireDebt =
      data.recordedDebt + data.redistBoldDebtGain + data.accruedInterest + data.accruedBatchManagementFee;
    data.entireColl = trove.coll + data.redistCollGain;
  }

  function getCurrentICR(uint256 id, uint256 price) public view returns (uint256) {
    LatestTroveData memory data = getLatestTroveData(id);
    return data.entireDebt == 0 ? type(uint256).max : data.entireColl * price / data.entireDebt;
  }

  // ---- bookkeeping

  function book() internal {
    activeDebt += pendingInterest();
    bookedAt = block.timestamp;
    fees += pendingFees();
    feesBookedAt = block.timestamp;
  }

  function settleBatch(address manager) internal {
    LatestBatchData memory data = getLatestBatchData(manager);
    Batch storage batch = batches[manager];
    uint256 grown = data.entireDebtWithoutRedistribution - batch.debt;
    activeDebt += data.accruedManagementFee;
    fees -= data.accruedManagementFee;
    weighted += grown * batch.rate;
    weightedFees += grown * batch.fee;
    batch.debt += grown;
    batch.updatedAt = block.timestamp;
  }

  /** Interest and redistributed shares go on record. */
  function touch(uint256 id) internal {
    book();
    Trove storage trove = Troves[id];
    LatestTroveData memory data = getLatestTroveData(id);
    address manager = trove.interestBatchManager;
    trove.coll = data.entireColl;
    snapshots[id] = running;
    defaultDebt -= data.redistBoldDebtGain;
    defaultColl -= data.redistCollGain;
    activeColl += data.redistCollGain;
    if (manager != address(0)) {
      settleBatch(manager);
      moveDebt(id, int256(data.redistBoldDebtGain));
    } else {
      weighted += data.accruedInterest * trove.annualInterestRate;
      trove.debt += data.accruedInterest;
      trove.lastDebtUpdateTime = uint64(block.timestamp);
      moveDebt(id, int256(data.redistBoldDebtGain));
    }
  }

  /** Of a settled trove. */
  function moveDebt(uint256 id, int256 change) internal {
    Trove storage trove = Troves[id];
    address manager = trove.interestBatchManager;
    activeDebt = uint256(int256(activeDebt) + change);
    if (manager == address(0)) {
      trove.debt = uint256(int256(trove.debt) + change);
      weighted = uint256(int256(weighted) + change * int256(trove.annualInterestRate));
      return;
    }
    Batch storage batch = batches[manager];
    weighted = uint256(int256(weighted) + change * int256(batch.rate));
    weightedFees = uint256(int256(weightedFees) + change * int256(batch.fee));
    if (change >= 0) {
      uint256 more = batch.debt == 0 ? uint256(change) : batch.shares * uint256(change) / batch.debt;
      trove.batchDebtShares += more;
      batch.shares += more;
    } else {
      bool all = uint256(-change) == batch.debt * trove.batchDebtShares / batch.shares;
      uint256 less = all ? trove.batchDebtShares : batch.shares * uint256(-change) / batch.debt;
      trove.batchDebtShares -= less;
      batch.shares -= less;
    }
    batch.debt = uint256(int256(batch.debt) + change);
  }

  function restake(uint256 id) internal {
    Trove storage trove = Troves[id];
    totalStakes -= trove.stake;
    trove.stake = collSnapshot == 0 ? trove.coll : trove.coll * stakesSnapshot / collSnapshot;
    totalStakes += trove.stake;
  }

  function debtOf(uint256 id) internal view returns (uint256) {
    return getLatestTroveData(id).entireDebt;
  }

  // ---- what users do

  function openMany(Plan[] calldata plans) external {
    for (uint256 i = 0; i < plans.length; i++) open(plans[i]);
  }

  function open(Plan memory plan) public {
    book();
    Trove storage trove = Troves[plan.id];
    trove.status = ACTIVE;
    trove.coll = plan.coll;
    trove.arrayIndex = uint64(getTroveFromTroveIdsArray.length);
    trove.lastDebtUpdateTime = plan.manager == address(0) ? uint64(block.timestamp) : 0;
    trove.annualInterestRate = plan.manager == address(0) ? plan.rate : 0;
    trove.interestBatchManager = plan.manager;
    getTroveFromTroveIdsArray.push(plan.id);
    ownerOf[plan.id] = plan.owner;
    snapshots[plan.id] = running;
    activeColl += plan.coll;
    restake(plan.id);
    if (plan.manager != address(0)) settleBatch(plan.manager);
    moveDebt(plan.id, int256(plan.debt));
  }

  function adjust(uint256 id, int256 coll, int256 debt) public {
    touch(id);
    Trove storage trove = Troves[id];
    trove.coll = uint256(int256(trove.coll) + coll);
    activeColl = uint256(int256(activeColl) + coll);
    moveDebt(id, debt);
    restake(id);
    if (trove.status == ZOMBIE && debtOf(id) >= 2000e18) trove.status = ACTIVE;
  }

  function applyPendingDebt(uint256 id) external {
    touch(id);
  }

  function redeem(uint256 id, uint256 amount, uint256 price) external {
    touch(id);
    uint256 debt = debtOf(id);
    uint256 lot = amount < debt ? amount : debt;
    adjust(id, -int256(lot * 1e18 / price), -int256(lot));
    if (debt - lot < 2000e18) Troves[id].status = ZOMBIE;
  }

  function setRate(uint256 id, uint256 rate) external {
    touch(id);
    Trove storage trove = Troves[id];
    weighted = weighted - trove.debt * trove.annualInterestRate + trove.debt * rate;
    trove.annualInterestRate = rate;
  }

  function registerBatch(address manager, uint256 rate, uint256 fee) external {
    batches[manager] = Batch(0, rate, fee, block.timestamp, 0);
    batchIds.push(manager);
  }

  function setBatch(address manager, uint256 rate, uint256 fee) external {
    book();
    settleBatch(manager);
    Batch storage batch = batches[manager];
    weighted = weighted - batch.debt * batch.rate + batch.debt * rate;
    weightedFees = weightedFees - batch.debt * batch.fee + batch.debt * fee;
    (batch.rate, batch.fee) = (rate, fee);
  }

  function join(uint256 id, address manager) external {
    touch(id);
    settleBatch(manager);
    Trove storage trove = Troves[id];
    int256 debt = int256(trove.debt);
    moveDebt(id, -debt);
    trove.interestBatchManager = manager;
    trove.annualInterestRate = 0;
    trove.lastDebtUpdateTime = 0;
    moveDebt(id, debt);
  }

  function leave(uint256 id, uint256 rate) external {
    touch(id);
    Trove storage trove = Troves[id];
    int256 debt = int256(debtOf(id));
    moveDebt(id, -debt);
    trove.interestBatchManager = address(0);
    trove.annualInterestRate = rate;
    trove.lastDebtUpdateTime = uint64(block.timestamp);
    moveDebt(id, debt);
  }

  function transfer(uint256 id, address to) external {
    ownerOf[id] = to;
  }

  function deposit(uint256 amount) external {
    getTotalBoldDeposits += amount;
  }

  function shutdown() external {
    book();
    shutdownTime = block.timestamp;
  }

  function close(uint256 id) external {
    touch(id);
    activeColl -= Troves[id].coll;
    remove(id, CLOSED);
  }

  function remove(uint256 id, uint8 status) internal {
    if (getTroveFromTroveIdsArray.length == 1) revert OnlyOneTroveLeft();
    moveDebt(id, -int256(debtOf(id)));
    uint256 last = getTroveFromTroveIdsArray[getTroveFromTroveIdsArray.length - 1];
    uint64 index = Troves[id].arrayIndex;
    getTroveFromTroveIdsArray[index] = last;
    Troves[last].arrayIndex = index;
    getTroveFromTroveIdsArray.pop();
    totalStakes -= Troves[id].stake;
    delete Troves[id];
    delete snapshots[id];
    delete ownerOf[id];
    Troves[id].status = status;
  }

  // ---- liquidation

  function seized(uint256 coll, uint256 debt, uint256 penalty, uint256 price) internal pure returns (uint256) {
    uint256 most = debt * (1e18 + penalty) / price;
    return coll < most ? coll : most;
  }

  function batchLiquidateTroves(uint256[] calldata ids) external {
    (uint256 price,) = IFeed(priceFeed).fetchPrice();
    bool any;
    for (uint256 i = 0; i < ids.length; i++) {
      uint8 status = Troves[ids[i]].status;
      if (status != ACTIVE && status != ZOMBIE) continue;
      if (getCurrentICR(ids[i], price) >= MCR) continue;
      liquidate(ids[i], price);
      any = true;
    }
    if (!any) revert NothingToLiquidate();
  }

  function liquidate(uint256 id, uint256 price) internal {
    touch(id);
    uint256 debt = debtOf(id);
    uint256 coll = Troves[id].coll;
    remove(id, LIQUIDATED);
    activeColl -= coll;
    uint256 pool = getTotalBoldDeposits > 1e18 ? getTotalBoldDeposits - 1e18 : 0;
    uint256 paid = debt < pool ? debt : pool;
    getTotalBoldDeposits -= paid;
    uint256 part = coll * paid / debt;
    uint256 gas = part / 200 < 2e18 ? part / 200 : 2e18;
    uint256 surplus = part - gas - seized(part - gas, paid, LIQUIDATION_PENALTY_SP, price);
    uint256 rest = debt - paid;
    if (rest > 0 && coll > part) {
      uint256 given = seized(coll - part + surplus, rest, penaltyRedistribution, price);
      uint256[2] memory amounts = [given, rest];
      for (uint256 k = 0; k < 2; k++) {
        uint256 numerator = amounts[k] * 1e18 + errors[k];
        running[k] += numerator / totalStakes;
        errors[k] = numerator % totalStakes;
      }
      defaultColl += given;
      defaultDebt += rest;
    }
    stakesSnapshot = totalStakes;
    collSnapshot = activeColl + defaultColl;
  }
}
