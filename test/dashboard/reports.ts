import type {
  Band,
  BandMember,
  Bucket,
  Coverage,
  Drop,
  Histogram,
  Level,
  Report,
  Total,
  Whale,
} from '../../src/core/report.ts'

/** Reports made by hand for the tests of the dashboard; the figures add up as those of a scan do. */

const SPOT = 2151
const AAVE = 'aave-v3/ethereum/core'
const SPARK = 'spark/ethereum/main'
const MORPHO = 'morpho-blue/ethereum/main'

const none: Total = { positions: 0, owners: 0, collateralUsd: 0, debtUsd: 0, driverAmount: 0 }

const nobody: Report['totals'] = {
  below: none,
  above: none,
  range: none,
  already: none,
  never: none,
  insolvent: none,
  unpriced: none,
}

const bucket = (collateralUsd: number, positions: number): Bucket => ({
  collateralUsd,
  debtUsd: collateralUsd * 0.62,
  positions,
  bySource: collateralUsd === 0 ? {} : { [AAVE]: collateralUsd },
  rangeUsd: 0,
  rangeBySource: {},
})

const histogram = (
  side: Histogram['side'],
  bars: Histogram['bars'] = [],
  underflow = bucket(0, 0),
): Histogram => ({
  side,
  step: 25,
  stepPct: null,
  underflow,
  overflow: bucket(0, 0),
  bars,
})

export const complete = (source: string, positions: number, debtUsd: number): Coverage => ({
  source,
  status: 'complete',
  accounts: positions * 4 + 17,
  positions,
  unpriced: 0,
  debtUsd,
  protocolDebtUsd: debtUsd,
  debtCovered: 1,
  requests: 412,
  seconds: 38.2,
  error: null,
  notes: [],
})

/** Nothing but the frame: sources that were read and hold no position. */
export const empty: Report = {
  schemaVersion: 1,
  generator: { name: 'liqbands', version: '0.1.0' },
  scan: {
    id: 12,
    startedAt: '2026-02-02T09:31:02.114Z',
    finishedAt: '2026-02-02T09:32:47.902Z',
    status: 'complete',
  },
  driver: { symbol: 'ETH', spotUsd: SPOT },
  blocks: [
    {
      chain: 'ethereum',
      chainId: 1,
      number: 24367041,
      hash: '0x3f9a7be0c41d52e68a07f3c19b24d5e6f7081a2b3c4d5e6f708192a3b4c5c21e',
      timestamp: '2026-02-02T09:30:59Z',
    },
  ],
  coverage: [complete(AAVE, 0, 0)],
  totals: nobody,
  bands: [],
  whales: [],
  histogram: histogram('below'),
  histogramAbove: histogram('above'),
  drops: [],
  levels: [],
  assumptions: ['Every price but that of ETH is held constant.'],
}

/** The six wallets of Trend Research, February 2026: four as published, the last two with addresses made up. */
const WALLETS: readonly (readonly [owner: string, eth: number, price: number])[] = [
  ['0xFAf1358Fe6A9FA29A169dfC272B14E709F54840F', 145850, 1791],
  ['0xE5C248D8d3F3871bD0F68e9C4743459C43BB4e4c', 114899, 1807],
  ['0x85E05c10db73499FBDecab0DFbb794a446fEEec8', 108749, 1808],
  ['0x1111111111111111111111111111111111111111', 84616, 1835],
  ['0x2222222222222222222222222222222222222222', 84615.96, 1862.02],
  ['0x6e9e81efcc4cBff68ed04C4a90aEA33cB22C8C89', 79516, 1781.09],
]

const members: readonly BandMember[] = WALLETS.map(([owner, eth, price]) => ({
  source: AAVE,
  id: owner,
  owner,
  entity: 'Trend Research',
  price,
  collateralUsd: eth * SPOT,
  debtUsd: eth * price * 0.83,
}))

const sumOf = <Item>(items: readonly Item[], value: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0)

const WALL_ETH = 618245.96

/** A smooth book of smaller holders, thicker between 1,500 and 1,562. */
const crowdIn = (low: number): number => {
  const distance = Math.log((low + 12.5) / 1250) / 0.34
  const base = 128e6 * Math.exp(-(distance ** 2) / 2)
  return low >= 1500 && low < 1562 ? base * 2.9 : base
}

const bars: Histogram['bars'] = Array.from({ length: 67 }, (_, i) => {
  const low = 500 + i * 25
  const high = low + 25
  const inside = members.filter(({ price }) => price >= low && price < high)
  const collateralUsd =
    (high > SPOT + 20 ? 3.1e6 : crowdIn(low)) + sumOf(inside, (member) => member.collateralUsd)
  return { low, high, ...bucket(collateralUsd, 240 + inside.length) }
})

const underflow = bucket(311.7e6, 2210)
const belowUsd = sumOf(bars, (bar) => bar.collateralUsd) + underflow.collateralUsd

const wall: Band = {
  rank: 1,
  kind: 'entity',
  side: 'below',
  low: 1781.09,
  high: 1862.02,
  distancePct: (1862.02 / SPOT - 1) * 100,
  collateralUsd: WALL_ETH * SPOT,
  driverAmount: WALL_ETH,
  debtUsd: sumOf(members, (member) => member.debtUsd),
  share: (WALL_ETH * SPOT) / belowUsd,
  inRangeUsd: WALL_ETH * SPOT + 171e6,
  densityRatio: 7.9,
  confidence: 1,
  positions: 6,
  owners: 6,
  entities: 1,
  effectiveHolders: 5.7,
  effectiveEntities: 1,
  hhi: 0.175,
  top1Share: 145850 / WALL_ETH,
  top10Share: 1,
  singleEntity: 'Trend Research',
  includes: [
    {
      kind: 'crowd',
      low: 1795.4,
      high: 1858.77,
      collateralUsd: 171e6,
      owners: 57,
      singleEntity: null,
    },
  ],
  overlaps: [],
  byProtocol: [{ source: AAVE, share: 1 }],
  topPositions: members,
}

const crowd: Band = {
  ...wall,
  rank: 2,
  kind: 'crowd',
  low: 1502.1,
  high: 1561.77,
  distancePct: (1561.77 / SPOT - 1) * 100,
  collateralUsd: 689.4e6,
  driverAmount: 320502.09,
  debtUsd: 391.2e6,
  share: 689.4e6 / belowUsd,
  inRangeUsd: 689.4e6,
  densityRatio: 2.9,
  confidence: 0.97,
  positions: 731,
  owners: 702,
  entities: 694,
  effectiveHolders: 61.2,
  effectiveEntities: 58.8,
  hhi: 0.0163,
  top1Share: 0.041,
  top10Share: 0.22,
  singleEntity: null,
  includes: [],
  byProtocol: [
    { source: AAVE, share: 0.81 },
    { source: SPARK, share: 0.19 },
  ],
  topPositions: [],
}

const whales: readonly Whale[] = [
  ...members.map(({ owner, entity, price, collateralUsd, debtUsd }) => ({
    owner,
    entity,
    side: 'below' as const,
    share: collateralUsd / belowUsd,
    price,
    collateralUsd,
    debtUsd,
    positions: 1,
  })),
  {
    owner: '0x9600A48ed0f931d0c422D574e3275a90D8b22745',
    entity: null,
    side: 'below',
    share: 140.2e6 / belowUsd,
    price: 1312.45,
    collateralUsd: 140.2e6,
    debtUsd: 68.7e6,
    positions: 2,
  },
]

const beyond = (price: number): Omit<Drop, 'pct'> => ({
  price,
  collateralUsd: sumOf(
    bars.filter(({ low }) => low >= price),
    (bar) => bar.collateralUsd,
  ),
  debtUsd: sumOf(
    bars.filter(({ low }) => low >= price),
    (bar) => bar.debtUsd,
  ),
  positions: sumOf(
    bars.filter(({ low }) => low >= price),
    (bar) => bar.positions,
  ),
  rangeUsd: 0,
})

const dropOf = (pct: number): Drop => ({ pct, ...beyond(SPOT * (1 + pct / 100)) })
const levelOf = (price: number): Level => ({ ...beyond(price), crossed: 'below' })

const aboveBars: Histogram['bars'] = [
  { low: 2150, high: 2175, ...bucket(0, 0) },
  { low: 2175, high: 2200, ...bucket(4.1e6, 12) },
  { low: 2200, high: 2225, ...bucket(0, 0) },
  { low: 2225, high: 2250, ...bucket(9.4e6, 31) },
]

/** The wall of Trend Research on Aave at a spot of 2,151, with a crowd further down. */
export const rich: Report = {
  ...empty,
  coverage: [
    complete(AAVE, 41207, 6.214e9),
    { ...complete(SPARK, 3118, 1.107e9), notes: ['pool revision 9 is newer than the last one checked (8)'] },
    { ...complete(MORPHO, 5288, 912.4e6), unpriced: 3, debtCovered: 0.999999 },
  ],
  totals: {
    below: {
      positions: 46231,
      owners: 43877,
      collateralUsd: belowUsd,
      debtUsd: 5.02e9,
      driverAmount: belowUsd / SPOT,
    },
    above: { positions: 43, owners: 43, collateralUsd: 13.5e6, debtUsd: 9.1e6, driverAmount: 0 },
    range: none,
    already: { positions: 11, owners: 11, collateralUsd: 1840, debtUsd: 1690, driverAmount: 0.855 },
    never: {
      positions: 3299,
      owners: 3104,
      collateralUsd: 4.41e9,
      debtUsd: 3.2042479e9,
      driverAmount: 2.05e6,
    },
    insolvent: { positions: 26, owners: 26, collateralUsd: 212, debtUsd: 9120, driverAmount: 0.0986 },
    unpriced: { positions: 3, owners: 3, collateralUsd: 0, debtUsd: 41200, driverAmount: 0 },
  },
  bands: [wall, crowd],
  whales,
  histogram: histogram('below', bars, underflow),
  histogramAbove: histogram('above', aboveBars),
  drops: [-1, -5, -10, -15, -20, -30, -50].map(dropOf),
  levels: [2000, 1800].map(levelOf),
  assumptions: [
    'wstETH, weETH, rETH, … move one for one with ETH; every other price is held constant.',
    'Interest accrues until the pinned block; later interest raises every liquidation price a little each day.',
    'Collateral is what the liquidation would put on the market, valued at the pinned block.',
  ],
}

const LLAMA = 'curve-llamalend/ethereum/mint'
const softUsd = (low: number): number => (low >= 1400 ? Math.round(9e6 + (low - 1400) * 60_000) : 0)
const soft = (bar: Histogram['bars'][number]): Histogram['bars'][number] => {
  const rangeUsd = bar.low < SPOT - 25 ? softUsd(bar.low) : 0
  return { ...bar, rangeUsd, rangeBySource: rangeUsd === 0 ? {} : { [LLAMA]: rangeUsd } }
}
const softBars = bars.map(soft)
const softTotal: Total = {
  positions: 211,
  owners: 211,
  collateralUsd: sumOf(softBars, ({ rangeUsd }) => rangeUsd),
  debtUsd: 512e6,
  driverAmount: sumOf(softBars, ({ rangeUsd }) => rangeUsd) / SPOT,
}

/** As `rich`, and beside it 211 loans that are liquidated over ranges. */
export const ranged: Report = {
  ...rich,
  coverage: [...rich.coverage, complete(LLAMA, 211, 512e6)],
  totals: { ...rich.totals, range: softTotal },
  histogram: { ...rich.histogram, bars: softBars },
  drops: rich.drops.map((drop) => ({
    ...drop,
    rangeUsd: sumOf(
      softBars.filter(({ low }) => low >= drop.price),
      ({ rangeUsd }) => rangeUsd,
    ),
  })),
}

/** Nothing but loans that are liquidated over ranges. */
export const rangedOnly: Report = {
  ...empty,
  coverage: [complete(LLAMA, 211, 512e6)],
  totals: { ...nobody, range: softTotal },
  histogram: histogram('below', bars.map((bar) => soft({ ...bar, ...bucket(0, 0) })).slice(36)),
  drops: ranged.drops.map((drop) => ({ ...drop, collateralUsd: 0, debtUsd: 0, positions: 0 })),
}

/** As `rich`, but one source failed and one is stale. */
export const withFailure: Report = {
  ...rich,
  scan: { ...rich.scan, status: 'partial' },
  coverage: [
    complete(AAVE, 41207, 6.214e9),
    {
      ...complete(SPARK, 3118, 1.107e9),
      status: 'stale',
      notes: ['last read at block 24366000, 1,041 blocks ago'],
    },
    {
      ...complete(MORPHO, 0, 0),
      status: 'failed',
      accounts: 0,
      protocolDebtUsd: null,
      debtCovered: null,
      error:
        'endpoint did not answer eth_call at block 24367041 after 5 attempts (HTTP 503); try again later',
    },
  ],
}

/** Only positions that a rise liquidates. */
export const aboveOnly: Report = {
  ...empty,
  coverage: [complete(AAVE, 43, 9.1e6)],
  totals: { ...nobody, above: rich.totals.above },
  bands: [
    {
      ...crowd,
      rank: 1,
      side: 'above',
      low: 2228.4,
      high: 2241.15,
      distancePct: (2228.4 / SPOT - 1) * 100,
      collateralUsd: 9.4e6,
      inRangeUsd: 9.4e6,
      driverAmount: 0,
      debtUsd: 5.8e6,
      share: 9.4 / 13.5,
      positions: 31,
      owners: 31,
      entities: 31,
    },
  ],
  histogramAbove: histogram('above', aboveBars),
}
