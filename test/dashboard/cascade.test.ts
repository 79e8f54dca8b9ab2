import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/core/bands/random.ts'
import type { Impact } from '../../src/core/cascade/impact.ts'
import type { CascadePosition } from '../../src/core/cascade/ladder.ts'
import { MAKER } from '../../src/core/cascade/rules.ts'
import { cascadeTable, DEFAULT_DEPTHS } from '../../src/core/cascade/table.ts'
import type { Simulation } from '../../src/core/documents.ts'
import { cascadeLines } from '../../src/dashboard/cascade.ts'
import { visibleWidth } from '../../src/dashboard/ink.ts'
import { anySeed, bookOf, positionOf, randomPools, randomPositions, SPOT } from '../core/cascade/books.ts'
import { empty } from './reports.ts'

const BANDS = [
  { rank: 1, low: 1400, high: 1700 },
  { rank: 12, low: 1250.5, high: 1250.5 },
]

const simulationOf = (
  positions: readonly CascadePosition[],
  {
    pcts = [-5, -10, -15, -20, -30],
    impacts = DEFAULT_DEPTHS,
    bands = BANDS,
    spot = SPOT,
    changes = {},
  }: {
    readonly pcts?: readonly number[]
    readonly impacts?: readonly Impact[]
    readonly bands?: typeof BANDS
    readonly spot?: number
    readonly changes?: Partial<Simulation>
  } = {},
): Simulation => {
  const { generator, scan, blocks } = empty
  const scale = spot / SPOT
  const scaled = positions.map((p) => ({
    ...p,
    price: p.price * scale,
    driverAmount: p.driverAmount / scale,
  }))
  const table = cascadeTable(bookOf(scaled, { spot }), {
    symbol: 'ETH',
    pcts,
    impacts,
    bands: bands.map(({ rank, low, high }) => ({ rank, low: low * scale, high: high * scale })),
  })
  return {
    generator,
    scan: { ...scan, status: 'complete' },
    blocks,
    coverage: [COMPLETE],
    ...table,
    pools: [],
    ...changes,
  }
}

const COMPLETE: Simulation['coverage'][number] = {
  source: 'aave-v3/ethereum/core',
  status: 'complete',
  accounts: 1,
  positions: 1,
  unpriced: 0,
  debtUsd: 1,
  protocolDebtUsd: 1,
  debtCovered: 1,
  requests: 1,
  seconds: 1,
  error: null,
  notes: [],
}

const plain = (simulation: Simulation, width = 80) =>
  cascadeLines(simulation, { width, color: false, unicode: true })

const POOL: Simulation['pools'][number] = {
  chain: 'ethereum',
  address: '0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640',
  driver: { asset: '0x1', symbol: 'WETH' },
  quote: { asset: '0x2', symbol: 'USDC' },
  quoteUsd: 1,
  quoteUsdFrom: 'oracle',
  feePct: 0.05,
  priceUsd: 1999.5,
  liquidity: '1',
  ticks: 812,
  depthUsd: 12e6,
  note: null,
}

const anyPool = fc.record({
  chain: fc.constantFrom('ethereum', 'arbitrum'),
  address: fc.constant(POOL.address),
  driver: fc.constant(POOL.driver),
  quote: fc.record({ asset: fc.constant('0x2'), symbol: fc.string({ maxLength: 40 }) }),
  quoteUsd: fc.constant(1),
  quoteUsdFrom: fc.constantFrom('oracle' as const, 'assumed' as const),
  feePct: fc.constantFrom(0.01, 0.05, 0.3, 1),
  priceUsd: fc.oneof(fc.constant(null), fc.double({ min: 1e-9, max: 1e13, noNaN: true })),
  liquidity: fc.constant('1'),
  ticks: fc.nat(1e6),
  depthUsd: fc.double({ min: 0, max: 1e13, noNaN: true }),
  note: fc.constantFrom(null, 'no liquidity below its price'),
})

describe('the cascade as text', () => {
  const simulation = simulationOf(randomPositions(5, 300))

  test('says first that it is a model, and last what it assumes', () => {
    const lines = plain(simulation)
    expect(lines[0]).toBe('MODEL, not an observation: what a fall of ETH could set off')
    const text = lines.join('\n')
    for (const section of ['ETH ENDS AT', 'SALES', 'AVALANCHE', 'BANDS', 'ASSUMPTIONS'])
      expect(text).toMatch(new RegExp(`^${section}`, 'm'))
    for (const assumption of simulation.assumptions)
      expect(text.replace(/\n {2}/g, ' ')).toContain(`- ${assumption}`)
  })

  test('has each depth and shock with its own numbers', () => {
    const [row] = simulation.rows
    const [first] = row?.results ?? []
    const lines = plain(simulation)
    const end = Math.round(first?.finalPrice ?? 0).toLocaleString('en-US')
    expect(lines.find((line) => line.startsWith('$20.0M'))).toContain(
      `${end} ${first?.amplification?.toFixed(1)}x`,
    )
    expect(lines.find((line) => line.startsWith('no sales'))).toMatch(/^no sales +1,900 1\.0x +1,800 1\.0x/)
    expect(lines.filter((line) => /^\$20\.0M +-\d+\.0% +\$/.test(line))).toHaveLength(5)
  })

  test('a narrow page repeats the table for the shocks that do not fit', () => {
    const heads = plain(simulationOf(randomPositions(5, 50), { pcts: [-1, -2, -3, -4, -5, -6, -7, -8, -9] }))
      .filter((line) => line.startsWith('ETH ENDS AT'))
      .join(' ')
    expect(heads.match(/-\d\.0%/g)).toEqual([-1, -2, -3, -4, -5, -6, -7, -8, -9].map((pct) => `${pct}.0%`))
  })

  test('no number is cut at 60 columns', () => {
    expect(plain(simulation, 60).filter((line) => line.includes('…'))).toEqual([])
  })

  test('names the pools that it sells into, the deepest first, and those that take no part', () => {
    const pools = [
      POOL,
      { ...POOL, feePct: 0.3, depthUsd: 30e6 },
      { ...POOL, feePct: 1, depthUsd: 0, note: 'no liquidity below its price' },
    ]
    const impacts = [1, 2].map((multiple) => ({ ...randomPools(createRandom(3)), multiple }))
    const lines = plain(simulationOf(randomPositions(5, 50), { impacts, changes: { pools } }))
    const from = lines.findIndex((line) => line.startsWith('POOLS'))
    expect(lines.slice(from + 1, from + 4)).toEqual([
      'WETH/USDC 0.3%   0x88e6…5640  1,999.50    $30.0M    812',
      'WETH/USDC 0.05%  0x88e6…5640  1,999.50    $12.0M    812',
      'WETH/USDC 1% (0x88e6…5640) takes no part: no liquidity below its price',
    ])
    const many = Array.from({ length: 40 }, (_, i) => ({
      ...POOL,
      depthUsd: 1000 * i,
      note: i < 5 ? 'empty' : null,
    }))
    const text = plain(simulationOf(randomPositions(5, 50), { impacts, changes: { pools: many } })).join('\n')
    expect(text.match(/^WETH\/USDC/gm)).toHaveLength(12)
    expect(text).toMatch(/^and 23 more pools of \$368\.0k together$/m)
    expect(text).toMatch(/^5 pools without liquidity below the price take no part$/m)
    expect(lines.join(' ')).toMatch(/depth of the pools below, so many times over: .*missing in it/)
    expect(lines.filter((line) => /^x[12] +\$[\d.]+[kM] +\d/.test(line)).length).toBeGreaterThan(1)
    expect(lines.join('\n')).not.toMatch(/^\$20\.0M/m)
  })

  test('shows what an oracle that lags brings down as a later wave, and only then', () => {
    const vault = positionOf({
      id: 'vault',
      source: 'maker/ethereum/main',
      rule: MAKER,
      price: 1850,
      threshold: 0.6,
    })
    const loan = positionOf({ id: 'loan', price: 1850 })
    const later = plain(simulationOf([vault, loan], { pcts: [-10] }))
    const head = later.findIndex((line) => line.startsWith('LATER'))
    expect(later[head + 1]).toMatch(/^\$20\.0M +-10\.0% +1 h +\$/)
    expect(later.join(' ')).toContain('Later: what oracles that run behind the market bring down')
    expect(later.join(' ')).toContain('Oracles lag behind the market: maker/ethereum/main by 1 h.')
    expect(plain(simulationOf([loan], { pcts: [-10] })).join('\n')).not.toMatch(/^LATER|^Later/m)
  })

  test('without a position below spot it says so in words, and draws nothing', () => {
    const lines = plain(simulationOf([]))
    expect(lines[0]).toMatch(/^MODEL/)
    expect(lines.join(' ')).toContain('no position of this scan is liquidated by a fall of ETH alone')
    expect(lines.join(' ')).not.toMatch(/SALES|BANDS|ASSUMPTIONS/)
  })

  test('a scan that is not complete is said in alarm, under the first line', () => {
    const coverage = [{ ...COMPLETE, status: 'failed' as const, error: 'refused' }]
    const lines = plain({ ...simulation, coverage, scan: { ...simulation.scan, status: 'partial' } })
    expect(lines[0]).toMatch(/^MODEL/)
    expect(lines[1]).toMatch(/^!! INCOMPLETE: 1 failed of 1 source/)
  })

  test('a coin of a few cents keeps its digits', () => {
    const text = plain(simulationOf(randomPositions(5, 50), { spot: 0.2 })).join('\n')
    expect(text).toMatch(/^no sales +0\.19000 1\.0x/m)
  })

  test('fits any width, and prints nothing by accident', () => {
    const impacts = fc.array(
      fc.oneof(
        fc.constantFrom<Impact>(
          { kind: 'depth', usd: 1 },
          { kind: 'depth', usd: 1e15 },
          { kind: 'none' },
          { kind: 'sqrt', sigma: 0.04, volumeUsd: 4e8 },
          { kind: 'constant-product', reserveUsd: 5e8 },
          randomPools(createRandom(1)),
          randomPools(createRandom(2)),
        ),
        fc.double({ min: 1, max: 1e10, noNaN: true }).map((usd): Impact => ({ kind: 'depth', usd })),
      ),
      { minLength: 1, maxLength: 6 },
    )
    const pcts = fc.array(fc.double({ min: -99.9, max: -0.01, noNaN: true }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        anySeed,
        fc.constantFrom(0, 1, 2, 60),
        pcts,
        impacts,
        fc.constantFrom(2e-7, 0.2, 7, SPOT, 1e5),
        fc.integer({ min: 60, max: 200 }),
        fc.boolean(),
        fc.boolean(),
        fc.array(anyPool, { maxLength: 4 }),
        (seed, count, pcts, impacts, spot, width, color, unicode, pools) => {
          const positions = [...randomPositions(seed, count), positionOf({ id: 'x', threshold: 0.99 })]
          const simulation = simulationOf(positions, { pcts, impacts, spot, changes: { pools } })
          const lines = cascadeLines(simulation, { width, color, unicode })
          expect(lines.filter((line) => visibleWidth(line) > width)).toEqual([])
          const text = lines.join('\n')
          expect(text).not.toMatch(/NaN|Infinity|undefined|null|-0\.0%|\[object/)
          if (!color) expect(text).not.toContain('\u001b')
          if (!unicode && !color) expect(text.replace(/[ -~\n]/g, '')).toBe('')
        },
      ),
      { numRuns: 150 },
    )
  })
})
