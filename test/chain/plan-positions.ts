import { ETH_EMODE, RESERVE_PARAMETERS, type ReserveSymbol } from './market.ts'
import { type Amount, type PositionPlan, roundAmount } from './position-word.ts'
import { createRandom } from './random.ts'

/** The kinds of borrowers that real markets hold. */
export const POSITION_KINDS = [
  'single-eth',
  'single-wsteth',
  'single-btc',
  'mixed-collateral',
  'mixed-debt',
  'e-mode-loop',
  'short-eth',
  'short-btc',
  'collateral-off',
  'same-asset',
  'dust',
] as const

export type PositionKind = (typeof POSITION_KINDS)[number]

/** USD of one whole token of each reserve. */
export type Prices = Readonly<Record<ReserveSymbol, number>>

export type PlanOptions = {
  readonly count: number
  readonly seed: number
  /** Collateral per position, USD; sizes are spread evenly over the powers of ten in between. Dust is smaller. */
  readonly minUsd?: number
  readonly maxUsd?: number
  /** All of them when none are given. */
  readonly kinds?: readonly PositionKind[]
}

/** Out of 100; the order of magnitude in which the kinds occur. */
const WEIGHTS: Readonly<Record<PositionKind, number>> = {
  'single-eth': 28,
  'single-wsteth': 12,
  'single-btc': 12,
  'mixed-collateral': 12,
  'mixed-debt': 10,
  'e-mode-loop': 10,
  'short-eth': 6,
  'short-btc': 2,
  'collateral-off': 3,
  'same-asset': 2,
  dust: 3,
}

const STABLES: readonly ReserveSymbol[] = ['USDC', 'DAI']
const VOLATILE: readonly ReserveSymbol[] = ['WETH', 'wstETH', 'WBTC']
const ALL = [...VOLATILE, ...STABLES]

type Dice = {
  /** In [from, to). */
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

const createDice = (seed: number): Dice => {
  const random = createRandom(seed)
  return {
    between: (from, to) => from + (to - from) * random(),
    chance: (probability) => random() < probability,
    pick: <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T,
  }
}

/** A plan and the kind of borrower it was drawn from. */
export type KindPlan = PositionPlan & { readonly kind: PositionKind }

type Usd = readonly [symbol: ReserveSymbol, usd: number]

/** A position in USD; what is borrowed is a share of what the collateral allows. */
type Sketch = {
  readonly collateral: readonly Usd[]
  /** Shares of the debt. */
  readonly debt: readonly (readonly [symbol: ReserveSymbol, share: number])[]
  /** The debt is a few units of the token instead. */
  readonly fewUnits?: boolean
  readonly eMode?: boolean
  readonly switchedOff?: readonly ReserveSymbol[]
}

const split = (dice: Dice, [first, second]: readonly [ReserveSymbol, ReserveSymbol], usd: number): Usd[] => {
  const share = dice.between(0.2, 0.8)
  return [
    [first, usd * share],
    [second, usd * (1 - share)],
  ]
}

const without = (...taken: readonly ReserveSymbol[]): readonly ReserveSymbol[] =>
  ALL.filter((symbol) => !taken.includes(symbol))

const single =
  (symbol: ReserveSymbol, debt: readonly ReserveSymbol[]) =>
  (dice: Dice, usd: number): Sketch => ({
    collateral: [[symbol, usd]],
    debt: [[dice.pick(debt), 1]],
  })

const SKETCHES: Readonly<Record<PositionKind, (dice: Dice, usd: number) => Sketch>> = {
  'single-eth': single('WETH', STABLES),
  'single-wsteth': single('wstETH', STABLES),
  'single-btc': single('WBTC', STABLES),

  'mixed-collateral': (dice, usd) => {
    const first = dice.pick(VOLATILE)
    const second = dice.pick(without(first))
    return { collateral: split(dice, [first, second], usd), debt: [[dice.pick(without(first, second)), 1]] }
  },

  'mixed-debt': (dice, usd) => {
    const held = dice.pick(ALL)
    const first = dice.pick(without(held))
    const share = dice.between(0.2, 0.8)
    return {
      collateral: [[held, usd]],
      debt: [
        [first, share],
        [dice.pick(without(held, first)), 1 - share],
      ],
    }
  },

  // Now and then with collateral outside the category, which keeps its own threshold.
  'e-mode-loop': (dice, usd) => {
    const [held, owed] = dice.chance(0.8) ? (['wstETH', 'WETH'] as const) : (['WETH', 'wstETH'] as const)
    const collateral = dice.chance(0.25) ? split(dice, [held, 'USDC'], usd) : ([[held, usd]] as const)
    return { collateral, debt: [[owed, 1]], eMode: true }
  },

  'short-eth': (dice, usd) => single(dice.pick(STABLES), ['WETH', 'WETH', 'wstETH'])(dice, usd),
  'short-btc': (dice, usd) => single(dice.pick(STABLES), ['WBTC'])(dice, usd),

  'collateral-off': (dice, usd) => {
    const held = dice.pick(VOLATILE)
    const idle = dice.pick(without(held))
    return {
      collateral: split(dice, [held, idle], usd),
      debt: [[dice.pick(STABLES), 1]],
      switchedOff: [idle],
    }
  },

  'same-asset': (dice, usd) => {
    const symbol = dice.pick(['WETH', 'WETH', 'USDC'] as const)
    return { collateral: [[symbol, usd]], debt: [[symbol, 1]] }
  },

  dust: (dice, usd) =>
    dice.chance(0.5)
      ? { ...single(dice.pick(VOLATILE), ['USDC', 'WBTC'])(dice, usd), fewUnits: true }
      : single(dice.pick(VOLATILE), STABLES)(dice, 10 ** dice.between(-1, 0)),
}

const toAmount = (symbol: ReserveSymbol, usd: number, prices: Prices): Amount => {
  // Two steps, since a double holds 15 digits and an 18-decimal amount has more.
  const { decimals } = RESERVE_PARAMETERS[symbol]
  const exact = Math.min(decimals, 12)
  const units = BigInt(Math.floor((usd / prices[symbol]) * 10 ** exact))
  return [symbol, roundAmount(units * 10n ** BigInt(decimals - exact))]
}

const loanToValue = (symbol: ReserveSymbol, eMode: boolean): number =>
  Number((eMode && ETH_EMODE.members.includes(symbol) ? ETH_EMODE : RESERVE_PARAMETERS[symbol]).ltv) / 10_000

const planOne = (sketch: Sketch, dice: Dice, prices: Prices): PositionPlan => {
  const { collateral, debt, fewUnits = false, eMode = false, switchedOff = [] } = sketch
  const counted = collateral.filter(([symbol]) => !switchedOff.includes(symbol))
  const limit = counted.reduce((sum, [symbol, value]) => sum + value * loanToValue(symbol, eMode), 0)
  const borrowed = limit * dice.between(0.3, 0.97)
  return {
    eMode: eMode ? ETH_EMODE.id : 0,
    collateral: collateral.map(([symbol, value]) => toAmount(symbol, value, prices)),
    debt: debt.map(([symbol, share]) =>
      fewUnits
        ? [symbol, BigInt(Math.floor(dice.between(1, 10)))]
        : toAmount(symbol, borrowed * share, prices),
    ),
    switchedOff,
  }
}

const kindSequence = (kinds: readonly PositionKind[], dice: Dice): ((index: number) => PositionKind) => {
  const tickets = kinds.flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind))
  // Once around first, so that even a few positions are of every kind.
  return (index) => kinds[index] ?? dice.pick(tickets)
}

/** Seeded pseudo-random positions whose liquidation prices lie far and wide; pure. */
export const planPositions = (
  { count, seed, minUsd = 1e2, maxUsd = 1e6, kinds = POSITION_KINDS }: PlanOptions,
  prices: Prices,
): readonly KindPlan[] => {
  const dice = createDice(seed)
  const kindOf = kindSequence(kinds, dice)
  return Array.from({ length: count }, (_, index) => {
    const kind = kindOf(index)
    const usd = minUsd * (maxUsd / minUsd) ** dice.between(0, 1)
    return { kind, ...planOne(SKETCHES[kind](dice, usd), dice, prices) }
  })
}
