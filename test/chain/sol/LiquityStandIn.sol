// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/**
 * A stand-in for Liquity V1, written for these tests from its published rules (liquidation in normal and in recovery
 * mode, redistribution, the price feed's jump rule); not the protocol's code. One contract plays the TroveManager, the
 * BorrowerOperations, the pools and the token; whoever calls it acts for everybody.
 */
contract LiquityAggregatorStandIn {
  int256 public latestAnswer;
  int256 public previous;
  uint80 public round;
  uint8 public constant decimals = 8;

  constructor(int256 answer) {
    (latestAnswer, previous, round) = (answer, answer, 2);
  }

  function set(int256 answer) external {
    (previous, latestAnswer) = (latestAnswer, answer);
    round++;
  }

  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
    return (round, latestAnswer, block.timestamp, block.timestamp, round);
  }

  function getRoundData(uint80 asked) external view returns (uint80, int256, uint256, uint256, uint80) {
    int256 answer = asked == round ? latestAnswer : previous;
    return (asked, answer, block.timestamp, block.timestamp, asked);
  }
}

/** Without a second oracle: what it distrusts, it replaces by the last good price. */
contract LiquityFeedStandIn {
  LiquityAggregatorStandIn public priceAggregator;
  uint256 public lastGoodPrice;
  uint8 public status;

  constructor(LiquityAggregatorStandIn aggregator) {
    priceAggregator = aggregator;
    fetchPrice();
  }

  function setStatus(uint8 to) external {
    status = to;
  }

  function fetchPrice() public returns (uint256) {
    if (status == 2) return lastGoodPrice;
    (uint80 id, int256 answer,,,) = priceAggregator.latestRoundData();
    (uint80 before, int256 previous,,,) = priceAggregator.getRoundData(id - 1);
    (uint256 now_, uint256 then) = (uint256(answer), uint256(previous));
    (uint256 high, uint256 low) = now_ > then ? (now_, then) : (then, now_);
    bool broken = before == 0 || answer <= 0 || previous <= 0;
    if (broken || (high - low) * 1e18 / high > 5e17) {
      status = 2;
      return lastGoodPrice;
    }
    lastGoodPrice = now_ * 1e10;
    return lastGoodPrice;
  }
}

contract LiquityStandIn {
  struct Trove {
    uint256 debt;
    uint256 coll;
    uint256 stake;
    uint8 status;
    uint128 arrayIndex;
  }

  struct Plan {
    address owner;
    uint256 coll;
    uint256 debt;
  }

  event TroveUpdated(address indexed _borrower, uint256 _debt, uint256 _coll, uint256 _stake, uint8 _operation);

  uint8 constant ACTIVE = 1;
  uint8 constant CLOSED = 2;
  uint8 constant LIQUIDATED = 3;
  uint256 public constant MCR = 110e16;
  uint256 public constant CCR = 150e16;
  string public constant symbol = "LUSD";

  LiquityFeedStandIn public priceFeed;
  mapping(address => Trove) public Troves;
  mapping(address => uint256[2]) internal snapshots;
  mapping(address => uint256) public surplus;
  address[] public getTroveFromTroveOwnersArray;
  uint256 public getTotalLUSDDeposits;
  uint256 public L_ETH;
  uint256 public L_LUSDDebt;
  uint256[2] internal errors;
  uint256 internal totalStakes;
  uint256 internal stakesSnapshot;
  uint256 internal collSnapshot;
  uint256 public getEntireSystemColl;
  uint256 public getEntireSystemDebt;

  constructor(LiquityFeedStandIn feed) {
    priceFeed = feed;
  }

  function borrowerOperationsAddress() external view returns (address) {
    return address(this);
  }

  function stabilityPool() external view returns (address) {
    return address(this);
  }

  function lusdToken() external view returns (address) {
    return address(this);
  }

  function getTroveOwnersCount() public view returns (uint256) {
    return getTroveFromTroveOwnersArray.length;
  }

  function rewardSnapshots(address b) external view returns (uint256, uint256) {
    return (snapshots[b][0], snapshots[b][1]);
  }

  function getEntireDebtAndColl(address b) public view returns (uint256 debt, uint256 coll, uint256, uint256) {
    Trove memory t = Troves[b];
    uint256 more = t.stake * (L_LUSDDebt - snapshots[b][1]) / 1e18;
    uint256 gain = t.stake * (L_ETH - snapshots[b][0]) / 1e18;
    return (t.debt + more, t.coll + gain, more, gain);
  }

  function ratio(uint256 coll, uint256 debt, uint256 price) internal pure returns (uint256) {
    return debt == 0 ? type(uint256).max : coll * price / debt;
  }

  function getCurrentICR(address b, uint256 price) public view returns (uint256) {
    (uint256 debt, uint256 coll,,) = getEntireDebtAndColl(b);
    return ratio(coll, debt, price);
  }

  function getTCR(uint256 price) public view returns (uint256) {
    return ratio(getEntireSystemColl, getEntireSystemDebt, price);
  }

  function checkRecoveryMode(uint256 price) public view returns (bool) {
    return getTCR(price) < CCR;
  }

  // ---- what users do

  function apply_(address b) internal {
    (uint256 debt, uint256 coll,,) = getEntireDebtAndColl(b);
    (Troves[b].debt, Troves[b].coll) = (debt, coll);
    snapshots[b] = [L_ETH, L_LUSDDebt];
  }

  function restake(address b) internal {
    Trove storage t = Troves[b];
    totalStakes -= t.stake;
    t.stake = collSnapshot == 0 ? t.coll : t.coll * stakesSnapshot / collSnapshot;
    totalStakes += t.stake;
  }

  function tell(address b, uint8 operation) internal {
    Trove memory t = Troves[b];
    emit TroveUpdated(b, t.debt, t.coll, t.stake, operation);
  }

  function openMany(Plan[] calldata plans) external {
    for (uint256 i = 0; i < plans.length; i++) open(plans[i]);
  }

  function open(Plan memory plan) public {
    address b = plan.owner;
    require(Troves[b].status != ACTIVE, "BorrowerOps: Trove is active");
    Troves[b].status = ACTIVE;
    Troves[b].arrayIndex = uint128(getTroveFromTroveOwnersArray.length);
    getTroveFromTroveOwnersArray.push(b);
    snapshots[b] = [L_ETH, L_LUSDDebt];
    change(b, int256(plan.coll), int256(plan.debt));
    tell(b, 0);
  }

  function change(address b, int256 coll, int256 debt) internal {
    Trove storage t = Troves[b];
    t.coll = uint256(int256(t.coll) + coll);
    t.debt = uint256(int256(t.debt) + debt);
    getEntireSystemColl = uint256(int256(getEntireSystemColl) + coll);
    getEntireSystemDebt = uint256(int256(getEntireSystemDebt) + debt);
    restake(b);
  }

  function adjust(address b, int256 coll, int256 debt) external {
    apply_(b);
    change(b, coll, debt);
    tell(b, 2);
  }

  function redeem(address b, uint256 amount, uint256 price) external {
    apply_(b);
    uint256 free = Troves[b].debt - 200e18;
    uint256 lot = amount < free ? amount : free;
    uint256 coll = lot * 1e18 / price;
    if (lot == free) {
      uint256 rest = Troves[b].coll - coll;
      surplus[b] += rest;
      change(b, -int256(coll + rest), -int256(lot + 200e18));
      remove(b, 4);
    } else {
      change(b, -int256(coll), -int256(lot));
    }
    tell(b, 3);
  }

  function close(address b) external {
    apply_(b);
    change(b, -int256(Troves[b].coll), -int256(Troves[b].debt));
    remove(b, CLOSED);
    tell(b, 1);
  }

  function deposit(uint256 amount) external {
    getTotalLUSDDeposits += amount;
  }

  function remove(address b, uint8 status) internal {
    uint256 count = getTroveOwnersCount();
    require(count > 1, "TroveManager: Only one trove in the system");
    totalStakes -= Troves[b].stake;
    address last = getTroveFromTroveOwnersArray[count - 1];
    uint128 index = Troves[b].arrayIndex;
    getTroveFromTroveOwnersArray[index] = last;
    Troves[last].arrayIndex = index;
    getTroveFromTroveOwnersArray.pop();
    Troves[b] = Trove(0, 0, 0, status, 0);
    snapshots[b] = [uint256(0), 0];
  }

  // ---- liquidation

  function liquidate(address b) external {
    require(Troves[b].status == ACTIVE, "TroveManager: Trove does not exist or is closed");
    uint256 price = priceFeed.fetchPrice();
    uint256 icr = getCurrentICR(b, price);
    uint256 gas;
    if (!checkRecoveryMode(price)) {
      require(icr < MCR, "TroveManager: nothing to liquidate");
      gas = whole(b, getTotalLUSDDeposits);
    } else {
      (uint256 debt,,,) = getEntireDebtAndColl(b);
      require(getTroveOwnersCount() > 1, "TroveManager: nothing to liquidate");
      if (icr <= 1e18) gas = whole(b, 0);
      else if (icr < MCR) gas = whole(b, getTotalLUSDDeposits);
      else {
        bool taken = icr < getTCR(price) && debt <= getTotalLUSDDeposits;
        require(taken, "TroveManager: nothing to liquidate");
        gas = capped(b, price);
      }
    }
    stakesSnapshot = totalStakes;
    collSnapshot = getEntireSystemColl;
    tell(b, 4);
    (bool paid,) = msg.sender.call{value: gas}("");
    require(paid, "ActivePool: sending ETH failed");
  }

  /** 110 % of the debt goes to the pool and the liquidator, the rest stays the owner's. */
  function capped(address b, uint256 price) internal returns (uint256) {
    (uint256 debt, uint256 coll,,) = getEntireDebtAndColl(b);
    uint256 portion = debt * MCR / price;
    surplus[b] += coll - portion;
    getTotalLUSDDeposits -= debt;
    getEntireSystemColl -= coll;
    getEntireSystemDebt -= debt;
    remove(b, LIQUIDATED);
    return portion / 200;
  }

  /** Everything goes: to the pool as far as it reaches, to the other troves beyond. */
  function whole(address b, uint256 pool) internal returns (uint256 gas) {
    (uint256 debt, uint256 coll,,) = getEntireDebtAndColl(b);
    gas = coll / 200;
    uint256 rest = coll - gas;
    uint256 offset = debt < pool ? debt : pool;
    uint256 sent = rest * offset / debt;
    getTotalLUSDDeposits -= offset;
    getEntireSystemColl -= gas + sent;
    getEntireSystemDebt -= offset;
    remove(b, LIQUIDATED);
    if (debt == offset) return gas;
    uint256 collNumerator = (rest - sent) * 1e18 + errors[0];
    uint256 debtNumerator = (debt - offset) * 1e18 + errors[1];
    L_ETH += collNumerator / totalStakes;
    L_LUSDDebt += debtNumerator / totalStakes;
    errors = [collNumerator % totalStakes, debtNumerator % totalStakes];
  }
}
