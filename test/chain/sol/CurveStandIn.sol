// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {CurveToken, IPriceOracle} from './CurveOracles.sol';

/// Stand-ins of our own for a Curve factory, controller and AMM, written from the published rule
/// (curvefi/curve-stablecoin at cc5274c6, contracts/AMM.vy and Controller.vy, in Vyper). Left out: tokens are not
/// moved, nobody pays fees, and instead of trades an arbitrageur of infinite patience sells or buys whole bands.

contract LlammaStandIn {
  uint256 private constant DEAD_SHARES = 1000;

  uint256 public immutable A;
  uint256 private immutable basePrice;
  uint256 private immutable sqrtBandRatio;
  IPriceOracle public price_oracle_contract;
  address[2] public coins;
  uint256 private immutable borrowedPrecision;
  uint256 private immutable collateralPrecision;

  uint256 public rate;
  uint256 private rateTime;
  uint256 private rateMul = 1e18;
  /// What the real AMM does for two minutes after a trade, for as long as a test likes.
  uint256 public heldPrice;

  int256 public active_band;
  mapping(int256 => uint256) public bands_x;
  mapping(int256 => uint256) public bands_y;
  mapping(int256 => uint256) private totalShares;

  struct Ticks {
    int256 n1;
    int256 n2;
    uint256[] shares;
  }
  mapping(address => Ticks) private ticksOf;

  constructor(CurveToken borrowed, CurveToken collateral, uint256 a, uint256 base, IPriceOracle oracle) {
    coins = [address(borrowed), address(collateral)];
    borrowedPrecision = 10 ** (18 - borrowed.decimals());
    collateralPrecision = 10 ** (18 - collateral.decimals());
    A = a;
    basePrice = base;
    price_oracle_contract = oracle;
    sqrtBandRatio = root((1e36 * a) / (a - 1));
    rateTime = block.timestamp;
  }

  function setRate(uint256 next) external {
    rateMul = get_rate_mul();
    rateTime = block.timestamp;
    rate = next;
  }

  function setHeldPrice(uint256 next) external {
    heldPrice = next;
  }

  function get_rate_mul() public view returns (uint256) {
    return (rateMul * (1e18 + rate * (block.timestamp - rateTime))) / 1e18;
  }

  function price_oracle() public view returns (uint256) {
    return heldPrice > 0 ? heldPrice : price_oracle_contract.price();
  }

  /// base · ((A − 1) / A)^n; the real one takes an exponential, which agrees to about 1e-18.
  function p_oracle_up(int256 n) public view returns (uint256) {
    bool down = n >= 0;
    uint256 power = uint256(down ? n : -n);
    uint256 factor = down ? (1e27 * (A - 1)) / A : (1e27 * A) / (A - 1);
    uint256 result = 1e27;
    for (; power > 0; power >>= 1) {
      if (power & 1 == 1) result = (result * factor) / 1e27;
      factor = (factor * factor) / 1e27;
    }
    return ((basePrice * get_rate_mul()) / 1e18) * result / 1e27;
  }

  function read_user_tick_numbers(address user) external view returns (int256[2] memory) {
    return [ticksOf[user].n1, ticksOf[user].n2];
  }

  function deposit(address user, uint256 amount, int256 n1, int256 n2) external {
    require(n1 > active_band, 'Deposit below current band');
    uint256 count = uint256(n2 - n1 + 1);
    uint256 perBand = (amount * collateralPrecision) / count;
    require(perBand > 100, 'Amount too low');
    Ticks storage ticks = ticksOf[user];
    (ticks.n1, ticks.n2) = (n1, n2);
    delete ticks.shares;
    for (int256 n = n1; n <= n2; n++) {
      uint256 y = n == n1 ? amount * collateralPrecision - perBand * (count - 1) : perBand;
      uint256 shares = ((totalShares[n] + DEAD_SHARES) * y) / (bands_y[n] + 1);
      ticks.shares.push(shares);
      totalShares[n] += shares;
      bands_y[n] += y;
    }
  }

  function withdraw(address user) external returns (uint256 x, uint256 y) {
    Ticks storage ticks = ticksOf[user];
    for (uint256 i; i < ticks.shares.length; i++) {
      int256 n = ticks.n1 + int256(i);
      uint256 all = totalShares[n] + DEAD_SHARES;
      uint256 dx = ((bands_x[n] + 1) * ticks.shares[i]) / all;
      uint256 dy = ((bands_y[n] + 1) * ticks.shares[i]) / all;
      totalShares[n] -= ticks.shares[i];
      bands_x[n] = dx > bands_x[n] ? 0 : bands_x[n] - dx;
      bands_y[n] = dy > bands_y[n] ? 0 : bands_y[n] - dy;
      (x, y) = (x + dx, y + dy);
    }
    delete ticksOf[user];
  }

  /// Sells all collateral above band `to`, and `share` (1e18) of that in it, at the prices of the oracle of now.
  function sellTo(int256 to, uint256 share) external {
    for (int256 n = active_band; n <= to; n++) {
      uint256 y = n == to ? (bands_y[n] * share) / 1e18 : bands_y[n];
      bands_x[n] += (y * middle(n)) / 1e18;
      bands_y[n] -= y;
    }
    active_band = to;
  }

  /// Buys all of it back down to band `to`.
  function buyTo(int256 to) external {
    for (int256 n = active_band; n > to; n--) {
      bands_y[n] += (bands_x[n] * 1e18) / middle(n);
      bands_x[n] = 0;
    }
    active_band = to;
  }

  function middle(int256 n) private view returns (uint256) {
    uint256 p = price_oracle();
    uint256 up = p_oracle_up(n);
    return (((p * p) / ((up * (A - 1)) / A)) * p) / up;
  }

  function get_xy(address user) external view returns (uint256[][2] memory xy) {
    Ticks storage ticks = ticksOf[user];
    xy = [new uint256[](ticks.shares.length), new uint256[](ticks.shares.length)];
    for (uint256 i; i < ticks.shares.length; i++) {
      int256 n = ticks.n1 + int256(i);
      uint256 all = totalShares[n] + DEAD_SHARES;
      xy[0][i] = (((bands_x[n] + 1) * ticks.shares[i]) / all) / borrowedPrecision;
      xy[1][i] = (((bands_y[n] + 1) * ticks.shares[i]) / all) / collateralPrecision;
    }
  }

  /// get_sum_xy, of the collateral.
  function sumY(address user) external view returns (uint256 sum) {
    Ticks storage ticks = ticksOf[user];
    for (uint256 i; i < ticks.shares.length; i++) {
      int256 n = ticks.n1 + int256(i);
      sum += ((bands_y[n] + 1) * ticks.shares[i]) / (totalShares[n] + DEAD_SHARES);
    }
    sum /= collateralPrecision;
  }

  function get_x_down(address user) external view returns (uint256 sum) {
    Ticks storage ticks = ticksOf[user];
    uint256 p = price_oracle();
    require(p > 0);
    uint256 down = p_oracle_up(ticks.n1);
    for (uint256 i; i < ticks.shares.length; i++) {
      int256 n = ticks.n1 + int256(i);
      uint256 up = down;
      down = (down * (A - 1)) / A;
      uint256 x = n <= active_band ? bands_x[n] : 0;
      uint256 y = n >= active_band ? bands_y[n] : 0;
      if (x == 0 && y == 0) continue;
      sum += (bandDown(x, y, p, up, down) * ticks.shares[i]) / (totalShares[n] + DEAD_SHARES);
    }
    sum /= borrowedPrecision;
  }

  function bandDown(uint256 x, uint256 y, uint256 p, uint256 up, uint256 down) private view returns (uint256) {
    uint256 mid = (((p * p) / down) * p) / up;
    if (x == 0 || y == 0) {
      if (p > up) return ((y == 0 ? (x * 1e18) / mid : y) * up) / sqrtBandRatio;
      if (p < down) return x == 0 ? (y * mid) / 1e18 : x;
    }
    uint256 y0 = getY0(x, y, p, up);
    uint256 f = (((A * y0 * p) / up) * p) / 1e18;
    uint256 g = ((A - 1) * y0 * up) / p;
    uint256 inv = (f + x) * (g + y);
    if (p > up) return (atLeast0(inv / f, g) * up) / sqrtBandRatio;
    if (p < down) return atLeast0(inv / g, f);
    uint256 yo = (A * y0 * (p - down)) / p;
    uint256 xo = atLeast0(inv / (g + yo), f);
    return xo + (yo * root(down * p)) / 1e18;
  }

  function getY0(uint256 x, uint256 y, uint256 p, uint256 up) private view returns (uint256) {
    uint256 b;
    if (x != 0) b = (up * (A - 1) * x) / p;
    if (y != 0) b += (((A * p * p) / up) * y) / 1e18;
    if (x == 0 || y == 0) return (b * 1e18) / (A * p);
    uint256 d = b * b + ((4 * A * p * y) / 1e18) * x;
    return ((b + root(d)) * 1e18) / (2 * A * p);
  }

  function atLeast0(uint256 a, uint256 b) private pure returns (uint256) {
    return a > b ? a - b : 0;
  }

  function root(uint256 value) private pure returns (uint256 result) {
    if (value == 0) return 0;
    result = 1 << 128;
    for (;;) {
      uint256 next = (result + value / result) / 2;
      if (next >= result) return result;
      result = next;
    }
  }
}

contract CurveControllerStandIn {
  struct Loan {
    uint256 initial;
    uint256 rateMul;
  }

  struct Plan {
    address user;
    uint256 collateral;
    uint256 debt;
    int256 n1;
    uint256 bands;
  }

  LlammaStandIn public immutable amm;
  uint256 private immutable borrowedPrecision;
  uint256 private immutable collateralPrecision;
  uint256 public liquidation_discount;
  address[] public loans;
  mapping(address => uint256) public loan_ix;
  mapping(address => uint256) public liquidation_discounts;
  mapping(address => Loan) private loanOf;
  Loan private total = Loan(0, 1e18);

  constructor(LlammaStandIn amm_, uint256 discount) {
    amm = amm_;
    liquidation_discount = discount;
    borrowedPrecision = 10 ** (18 - CurveToken(amm_.coins(0)).decimals());
    collateralPrecision = 10 ** (18 - CurveToken(amm_.coins(1)).decimals());
  }

  function setDiscount(uint256 next) external {
    liquidation_discount = next;
  }

  function n_loans() external view returns (uint256) {
    return loans.length;
  }

  function open(Plan[] calldata plans) external {
    for (uint256 i; i < plans.length; i++) {
      Plan calldata plan = plans[i];
      require(loanOf[plan.user].initial == 0, 'Loan already created');
      require(plan.debt > 0 && plan.bands >= 4 && plan.bands <= 50);
      loanOf[plan.user] = Loan(plan.debt, amm.get_rate_mul());
      liquidation_discounts[plan.user] = liquidation_discount;
      loan_ix[plan.user] = loans.length;
      loans.push(plan.user);
      book(plan.debt, 0);
      amm.deposit(plan.user, plan.collateral, plan.n1, plan.n1 + int256(plan.bands) - 1);
    }
  }

  /// What is left of the loan stays where it is; one that is paid off is closed.
  function repay(address user, uint256 amount) external {
    uint256 owed = debt(user);
    uint256 paid = amount > owed ? owed : amount;
    loanOf[user] = Loan(owed - paid, amm.get_rate_mul());
    book(0, paid);
    if (owed == paid) close(user);
  }

  function liquidate(address user, uint256) external {
    require(health(user, true) < 0, 'Not enough rekt');
    uint256 owed = debt(user);
    loanOf[user] = Loan(0, amm.get_rate_mul());
    book(0, owed);
    close(user);
  }

  function book(uint256 more, uint256 less) private {
    uint256 sum = total_debt() + more;
    total = Loan(sum > less ? sum - less : 0, amm.get_rate_mul());
  }

  function close(address user) private {
    amm.withdraw(user);
    uint256 last = loans.length - 1;
    uint256 place = loan_ix[user];
    loans[place] = loans[last];
    loan_ix[loans[place]] = place;
    loans.pop();
    loan_ix[user] = 0;
  }

  function total_debt() public view returns (uint256) {
    return (total.initial * amm.get_rate_mul()) / total.rateMul;
  }

  function debt(address user) public view returns (uint256) {
    Loan memory loan = loanOf[user];
    if (loan.initial == 0) return 0;
    return (loan.initial * amm.get_rate_mul() + loan.rateMul - 1) / loan.rateMul;
  }

  function user_prices(address user) external view returns (uint256[2] memory) {
    require(loanOf[user].initial > 0);
    int256[2] memory n = amm.read_user_tick_numbers(user);
    return [amm.p_oracle_up(n[0]), amm.p_oracle_up(n[1] + 1)];
  }

  function health(address user, bool full) public view returns (int256 result) {
    uint256 owed = debt(user);
    require(owed > 0, "Loan doesn't exist");
    uint256 kept = 1e18 - liquidation_discounts[user];
    result = int256((amm.get_x_down(user) * kept) / owed) - 1e18;
    int256 n1 = amm.read_user_tick_numbers(user)[0];
    if (!full || n1 <= amm.active_band()) return result;
    (uint256 p, uint256 up) = (amm.price_oracle(), amm.p_oracle_up(n1));
    if (p > up)
      result += int256(((p - up) * amm.sumY(user) * collateralPrecision) / (owed * borrowedPrecision));
  }
}

/// Lists controllers as all three kinds of factory do.
contract CurveFactoryStandIn {
  address[] public controllers;

  function add(address controller) external {
    controllers.push(controller);
  }

  function n_collaterals() external view returns (uint256) {
    return controllers.length;
  }

  function market_count() external view returns (uint256) {
    return controllers.length;
  }

  function markets(uint256 n) external view returns (address[7] memory listed) {
    LlammaStandIn amm = CurveControllerStandIn(controllers[n]).amm();
    listed[1] = controllers[n];
    listed[2] = address(amm);
    listed[3] = amm.coins(1);
    listed[4] = amm.coins(0);
    listed[5] = address(amm.price_oracle_contract());
  }
}
