import { WAD } from '../core/units.ts'

/**
 * The integer rules of Curve's AMM and controller. Source: curvefi/curve-stablecoin at cc5274c6 (contracts/AMM.vy
 * `get_xy_up`, `_get_y0`; contracts/Controller.vy `_health`), the same at edbb5ef5 (tag v1) and cf1d05fb (LlamaLend v2);
 * at 7992da27 (the first mint markets) what a band in trade yields is written otherwise and equal but for roundings.
 * All amounts here have 18 decimals, as inside the AMM; prices are WAD.
 */

/** What a loan holds of one band: x of the borrowed token, y of the collateral. */
export type Band = { readonly x: bigint; readonly y: bigint }

/** A loan in the AMM: its bands from n1 on, each lying (A − 1)/A below the one before. */
export type Loan = {
  readonly bands: readonly Band[]
  /** Index of the first band. */
  readonly n1: number
  /** Oracle price at the upper edge of the first band. */
  readonly priceUp: bigint
}

/** What the AMM is at: A, and the band in which it trades. */
export type Amm = { readonly amplification: bigint; readonly activeBand: number }

/** floor(√value), of a value that is not negative. */
export const squareRoot = (value: bigint): bigint => {
  if (value < 2n) return value
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** √(A / (A − 1)), WAD. */
const bandRatio = (amplification: bigint): bigint =>
  squareRoot((10n ** 36n * amplification) / (amplification - 1n))

/** The invariant's y0: what the band would hold of collateral alone with the AMM and the oracle at its upper edge. */
const invariant = (
  { x, y }: Band,
  { amplification, price, up }: { amplification: bigint; price: bigint; up: bigint },
): bigint => {
  const byX = x === 0n ? 0n : (up * (amplification - 1n) * x) / price
  const byY = y === 0n ? 0n : (((amplification * price ** 2n) / up) * y) / WAD
  const b = byX + byY
  if (x === 0n || y === 0n) return (b * WAD) / (amplification * price)
  const root = squareRoot(b ** 2n + ((4n * amplification * price * y) / WAD) * x)
  return ((b + root) * WAD) / (2n * amplification * price)
}

const less = (a: bigint, b: bigint): bigint => (a > b ? a - b : 0n)

/** What one band yields of the borrowed token when it is sold step by step from here downwards. */
const bandDown = (
  band: Band,
  { amplification, price, up, down }: { amplification: bigint; price: bigint; up: bigint; down: bigint },
  ratio: bigint,
): bigint => {
  const { x, y } = band
  if (x === 0n && y === 0n) return 0n
  const middle = ((price ** 2n / down) * price) / up
  const whole = x === 0n || y === 0n
  if (whole && price > up) return ((y === 0n ? (x * WAD) / middle : y) * up) / ratio
  if (whole && price < down) return x === 0n ? (y * middle) / WAD : x
  const y0 = invariant(band, { amplification, price, up })
  const f = (((amplification * y0 * price) / up) * price) / WAD
  const g = ((amplification - 1n) * y0 * up) / price
  const product = (f + x) * (g + y)
  if (price > up) return (less(f === 0n ? 0n : product / f, g) * up) / ratio
  if (price < down) return less(g === 0n ? 0n : product / g, f)
  const inY = (amplification * y0 * (price - down)) / price
  const inX = less(g + inY === 0n ? 0n : product / (g + inY), f)
  return inX + (inY * squareRoot(down * price)) / WAD
}

/**
 * What the loan yields of the borrowed token when its bands are sold step by step (`get_x_down`), 18 decimals, with the
 * AMM as it stands and the oracle at `price`. Of each band's share the protocol cuts a unit that is not cut here.
 * @param price the AMM's oracle price, above 0
 */
export const yieldOf = ({ bands, priceUp }: Loan, amplification: bigint, price: bigint): bigint => {
  const ratio = bandRatio(amplification)
  let down = priceUp
  let sum = 0n
  for (const band of bands) {
    const up = down
    down = (down * (amplification - 1n)) / amplification
    sum += bandDown(band, { amplification, price, up, down }, ratio)
  }
  return sum
}

/** What is owed, 18 decimals, and the liquidation discount under which it was borrowed, WAD. */
export type Owed = { readonly debt: bigint; readonly discount: bigint }

/**
 * The controller's full health, WAD, below 0 where anyone may liquidate: the yield less the discount over the debt,
 * less 1; while no band of the loan has been traded, the oracle's distance from them is added.
 */
export const healthAt = (
  loan: Loan,
  { debt, discount }: Owed,
  { amplification, activeBand }: Amm,
  price: bigint,
): bigint => {
  const health = (yieldOf(loan, amplification, price) * (WAD - discount)) / debt - WAD
  if (loan.n1 <= activeBand || price <= loan.priceUp) return health
  const collateral = loan.bands.reduce((sum, { y }) => sum + y, 0n)
  return health + ((price - loan.priceUp) * collateral) / debt
}

/** Halvings of the search for the gap price: about 7 digits. */
const HALVINGS = 24

/**
 * The highest price under `price` at which the loan could be liquidated if nobody traded in the AMM on the way there
 * (`healthAt` below 0), WAD, rounded down to 1/2^24 of `price`. While somebody does, the AMM sells its collateral in
 * time and a falling price alone liquidates nobody.
 * @returns null where it is liquidatable at `price` already, or at no such price
 */
export const gapPrice = (loan: Loan, owed: Owed, amm: Amm, price: bigint): bigint | null => {
  const isGone = (at: bigint) => healthAt(loan, owed, amm, at) < 0n
  let low = price >> BigInt(HALVINGS)
  let high = price
  if (low === 0n || isGone(high) || !isGone(low)) return null
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2n
    if (isGone(middle)) low = middle
    else high = middle
  }
  return low
}

/** The share of the loan's worth that the AMM has sold for the borrowed token, WAD, at the oracle price. */
export const soldShare = ({ bands }: Loan, price: bigint): bigint => {
  const x = bands.reduce((sum, band) => sum + band.x, 0n)
  const y = bands.reduce((sum, band) => sum + band.y, 0n)
  const worth = x + (y * price) / WAD
  return worth === 0n ? 0n : (x * WAD) / worth
}
