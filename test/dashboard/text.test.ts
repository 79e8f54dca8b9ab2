import { describe, expect, test } from 'vitest'
import type { Band, Report } from '../../src/core/report.ts'
import { shortfallLines } from '../../src/dashboard/coverage.ts'
import { visibleWidth } from '../../src/dashboard/ink.ts'
import { renderSvg } from '../../src/dashboard/picture/svg.ts'
import { scanLines } from '../../src/dashboard/scan.ts'
import { renderText, type TextOptions } from '../../src/dashboard/text.ts'
import { rangedAbove } from './ranged-above.ts'
import { aboveOnly, complete, empty, rich, withFailure } from './reports.ts'

const reports = { rich, rangedAbove, empty, withFailure, aboveOnly }
const plain: TextOptions = { width: 80, color: false, unicode: true }
const linesOf = (report: Report, options: Partial<TextOptions> = {}): readonly string[] =>
  renderText(report, { ...plain, ...options }).split('\n')
const ESCAPE = '\u001b'

/** The lines from the one that starts with `heading` to the next blank one. */
const section = (lines: readonly string[], heading: string): readonly string[] => {
  const start = lines.findIndex((line) => line.startsWith(heading))
  return start < 0 ? [] : lines.slice(start, lines.indexOf('', start))
}

/** Spaces and line breaks as one space: for sentences that may be wrapped. */
const flowing = (lines: readonly string[]): string => lines.join(' ').replace(/\s+/g, ' ')

/** The only one; the first of a report's bands, for instance. */
const first = <Item>(items: readonly Item[]): Item => {
  const [item] = items
  if (item === undefined) throw new Error('there is none')
  return item
}

const [wall, crowd] = [first(rich.bands), first(rich.bands.slice(1))]

describe.each(Object.entries(reports))('%s', (_name, report) => {
  test.each([60, 61, 72, 80, 100, 120, 160, 200])('fits %i columns', (width) => {
    for (const color of [false, true]) {
      for (const unicode of [false, true]) {
        const widths = linesOf(report, { width, color, unicode }).map(visibleWidth)
        expect(Math.max(...widths)).toBeLessThanOrEqual(width)
      }
    }
  })

  test('has no escape without colour, and the same text with it', () => {
    const inked = renderText(report, { ...plain, color: true })
    expect(renderText(report, plain)).not.toContain(ESCAPE)
    expect(inked).toContain(ESCAPE)
    expect(inked.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '')).toBe(renderText(report, plain))
  })

  test('is ASCII where unicode is not wanted', () => {
    expect(renderText(report, { ...plain, unicode: false })).toMatch(/^[ -~\n]+$/)
  })

  test('leaves no space at the end of a line, no double blank line, one line break at the end', () => {
    const text = renderText(report, plain)
    expect(text).not.toMatch(/ \n|\n\n\n/)
    expect(text).toMatch(/[^\n]\n$/)
  })
})

describe('what is read first', () => {
  test('driver, spot, scan and status, then the pinned block', () => {
    const [title, block] = linesOf(rich)
    expect(title).toBe('ETH liquidation bands  spot $2,151.00  scan 12  complete')
    expect(block).toBe('ethereum  block 24367041  0x3f9a…c21e  2026-02-02 09:30:59 UTC')
  })

  test('the bands are above the fold of a screen of 30 lines', () => {
    expect(linesOf(rich).findIndex((line) => line.startsWith('#2'))).toBeLessThan(30)
  })

  test('a file that names no block or time says so', () => {
    const block = { chain: 'file', chainId: 1, number: null, hash: null, timestamp: null }
    expect(flowing(linesOf({ ...rich, blocks: [block] }))).toContain('file block unknown time unknown')
  })

  test('colour is restrained: red only where something failed', () => {
    const red = `${ESCAPE}[1;31m`
    expect(renderText(rich, { ...plain, color: true })).not.toContain(red)
    expect(renderText(withFailure, { ...plain, color: true })).toContain(red)
  })
})

describe('a source that was not read completely', () => {
  test('is above everything else, with its reason, in plain text', () => {
    const lines = linesOf(withFailure)
    const alarm = lines.slice(0, lines.indexOf(''))
    expect(alarm.every((line) => line.startsWith('!! '))).toBe(true)
    const words = flowing(alarm.map((line) => line.slice(3)))
    expect(words).toContain('INCOMPLETE: 1 failed, 1 stale of 3 sources')
    expect(words).toContain(
      'FAILED morpho-blue/ethereum/main: endpoint did not answer eth_call at block 24367041',
    )
    expect(words).toContain('STALE spark/ethereum/main: last read at block 24366000')
    expect(lines.indexOf('')).toBeLessThan(lines.findIndex((line) => line.startsWith('BANDS')))
  })

  test('is unknown, never zero', () => {
    const row = section(linesOf(withFailure), 'COVERAGE').find((line) => line.startsWith('morpho'))
    expect(row).toMatch(/FAILED( +\?){4}$/)
  })

  test('is named again at the end, where a terminal stops', () => {
    expect(linesOf(withFailure).at(-2)).toMatch(/^!! INCOMPLETE: 1 failed, 1 stale of 3 sources/)
  })

  test('qualifies the words for no band', () => {
    const words = flowing(section(linesOf({ ...withFailure, bands: [] }), 'BANDS'))
    expect(words).toContain('No band in what was read (1 failed, 1 stale of 3 sources): collateral')
  })

  test('a source with no recorded reason and a scan without sources are alarms too', () => {
    const failed = { ...complete('spark/ethereum/main', 0, 0), status: 'failed' as const }
    expect(flowing(linesOf({ ...empty, coverage: [failed] }))).toContain('no reason was recorded')
    expect(first(linesOf({ ...empty, coverage: [] }))).toContain('!! INCOMPLETE: no source was read')
    const partial = { ...rich, scan: { ...rich.scan, status: 'partial' as const } }
    expect(first(linesOf(partial))).toContain('!! INCOMPLETE: the scan is partial')
  })

  test('a complete scan raises no alarm', () => {
    expect(renderText(rich, plain)).not.toContain('!!')
  })
})

describe('coverage', () => {
  const coveredAt = (debtCovered: number | null): string => {
    const coverage = [{ ...complete('aave-v3/ethereum/core', 1, 1), debtCovered }]
    return first(section(linesOf({ ...empty, coverage }), 'COVERAGE').slice(1))
  }

  test('is 100% only when it is exactly 1', () => {
    expect(coveredAt(1)).toMatch(/ 100%$/)
    for (const almost of [0.999, 0.9999, 0.999999, 0.999999999, 1 - Number.EPSILON, 1.000001, 1 + 1e-12]) {
      expect(coveredAt(almost)).not.toMatch(/[^>\d.]100%$|100\.0+%/)
    }
    expect(coveredAt(0.999999)).toMatch(/ 99\.9999%$/)
    expect(coveredAt(0.97314)).toMatch(/ 97\.3%$/)
  })

  test('says where the protocol has no total', () => {
    expect(coveredAt(null)).toMatch(/ no total$/)
  })

  test('carries notes and unpriced positions under their source', () => {
    const lines = section(linesOf(rich), 'COVERAGE')
    const under = (source: string) => lines[lines.findIndex((line) => line.startsWith(source)) + 1]
    expect(under('spark')).toBe('  pool revision 9 is newer than the last one checked (8)')
    expect(under('morpho')).toBe('  3 positions could not be priced')
  })

  test('a note that lists hundreds of feeds does not push the bands off the screen', () => {
    const note = `moved by ${Array.from({ length: 200 }, (_, i) => `0x${String(i).padStart(40, '0')}`).join(', ')}`
    const coverage = [{ ...complete('fluid/ethereum/main', 1, 1), notes: [note] }]
    const lines = section(linesOf({ ...empty, coverage }), 'COVERAGE').slice(2)
    expect(lines).toHaveLength(7)
    expect(lines.at(-1)).toMatch(/^ {2}… \d+ more lines, in the JSON document$/)
  })

  test('a schedule logs a line for each source that was not read to the end, and none for the others', () => {
    expect(shortfallLines(withFailure)).toEqual([
      expect.stringMatching(/^morpho-blue\/ethereum\/main failed: endpoint did not answer/),
      expect.stringMatching(/^spark\/ethereum\/main stale: last read at block 24366000/),
    ])
    expect(shortfallLines(rich)).toEqual([])
  })

  test('after a scan the reason for a status stands under its source, for nothing above tells it', () => {
    const { scan, blocks, coverage } = withFailure
    const summary = { scanId: scan.id, status: scan.status, blocks, coverage }
    const words = flowing(scanLines(summary, plain))
    expect(words).toContain('STALE 3,118 12,489 $1.11B 100% last read at block 24366000')
    expect(words).toContain('FAILED ? ? ? ? endpoint did not answer eth_call at block 24367041')
  })
})

describe('totals', () => {
  test('hold every open position once, in the order of outcomes, and their sum', () => {
    const lines = section(linesOf(rich), 'TOTALS')
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'TOTALS',
      'below',
      'above',
      'range',
      'already',
      'never',
      'insolvent',
      'unpriced',
      'all',
    ])
    expect(lines.at(-1)).toMatch(/^all +49,613 +\$8\.23B$/)
  })
})

describe('bands', () => {
  test('edges to the cent, distance, size, share and holder of the wall', () => {
    const words = flowing(section(linesOf(rich), 'BANDS'))
    expect(words).toContain('#1 entity 1,781.09–1,862.02 -13.4% $1.33B 618,245.96 17.9%')
    expect(words).toContain('Trend Research: 6 positions of 6 owners, confidence 100%')
    expect(words).toContain('#2 crowd 1,502.10–1,561.77 -27.4% $689.4M')
    expect(words).toContain('731 positions of 702 owners in 694 entities, confidence 97.0%')
  })

  test.each([60, 70, 80, 100, 132, 200])('nothing is lost at %i columns', (width) => {
    const words = flowing(section(linesOf(rich, { width }), 'BANDS'))
    for (const fact of ['entity', '618,245.96', '17.9%', '6 positions of 6 owners', '97.0%']) {
      expect(words).toContain(fact)
    }
  })

  test('what a band includes and overlaps is under it', () => {
    const overlaps = [{ rank: 2, low: 1835.13, high: 1862.02, collateralUsd: 212e6 }]
    const words = flowing(section(linesOf({ ...rich, bands: [{ ...wall, overlaps }, crowd] }), 'BANDS'))
    expect(words).toContain('includes crowd 1,795.40–1,858.77: $171.0M of 57 owners')
    expect(words).toContain('overlaps #2 in 1,835.13–1,862.02 ($212.0M of it there)')
    expect(words).toContain('everyone in this range: $1.50B, 7.9x its surroundings')
  })

  test('no band is said in words', () => {
    expect(flowing(section(linesOf({ ...rich, bands: [] }), 'BANDS'))).toContain(
      'No band: collateral on both sides of spot is spread over many prices and holders',
    )
    const totals = { ...rich.totals, above: empty.totals.above }
    expect(flowing(section(linesOf({ ...rich, totals, bands: [] }), 'BANDS'))).toContain(
      'No band: collateral below spot is spread',
    )
    expect(flowing(section(linesOf(empty), 'BANDS'))).toContain('No band: no position is liquidated')
  })

  test('prices of a cheap driver keep the digits that matter', () => {
    const cheap: Band = { ...wall, low: 0.41237, high: 0.43118 }
    const report = { ...rich, driver: { symbol: 'CRV', spotUsd: 0.512 }, bands: [cheap] }
    expect(flowing(section(linesOf(report), 'BANDS'))).toContain('0.41237–0.43118')
  })
})

describe('histogram', () => {
  const below = section(linesOf(rich), 'BELOW SPOT')

  test('spot first, then prices falling, at most forty rows', () => {
    expect(below[1]).toMatch(/^spot 2,151\.00 ─+$/)
    const lows = below.slice(2, -1).map((line) => Number(/([\d,]+)–/.exec(line)?.[1]?.replace(',', '')))
    expect(lows.length).toBeLessThanOrEqual(40)
    expect(lows).toEqual([...lows].sort((a, b) => b - a))
    expect(below.at(-1)).toMatch(/^ +under [\d,]+ /)
  })

  test('the sum runs from spot down and ends at the total below', () => {
    expect(below.at(-1)).toMatch(/ \$7\.42B$/)
    expect(section(linesOf(rich), 'TOTALS')[1]).toContain('$7.42B')
  })

  test('marks bands by their edges, not by their bars', () => {
    const marked = (lines: readonly string[]) =>
      lines
        .filter((line) => /^ *[\d,]+–[\d,]+ +(#\d|│|╵)/.test(line))
        .map((line) => line.trim().split('–')[0])
    expect(marked(below)).toEqual(['1,850', '1,800', '1,750', '1,550', '1,500'])
    const bars = rich.histogram.bars.map((bar) => ({ ...bar, collateralUsd: 1e6 }))
    const flat = { ...rich, histogram: { ...rich.histogram, bars } }
    expect(marked(section(linesOf(flat), 'BELOW SPOT'))).toEqual(marked(below))
    const shifted = { ...rich, bands: [{ ...wall, low: 1799.99, high: 1849.99 }] }
    expect(marked(section(linesOf(shifted), 'BELOW SPOT'))).toEqual(['1,800', '1,750'])
  })

  test('the side above is drawn only where it holds something, spot at its foot', () => {
    const above = section(linesOf(aboveOnly), 'ABOVE SPOT')
    expect(above.at(-1)).toMatch(/^spot 2,151\.00 ─+$/)
    expect(above[1]).toMatch(/^ +2,225–2,250 #1 █+ +\$9\.4M +\$13\.5M$/)
    expect(flowing(section(linesOf(aboveOnly), 'BELOW SPOT'))).toContain(
      'Nothing is liquidated by a fall of ETH',
    )
    expect(renderText(empty, plain)).not.toContain('ABOVE SPOT')
  })

  test('what lies beyond all bars begins where they end, and what spot has passed has no price', () => {
    const { bars, overflow: none } = rangedAbove.histogramAbove
    const bare = bars.map((bar) => ({ ...bar, ...none }))
    const beyond = { ...none, collateralUsd: 1e6, positions: 1 }
    const only = { ...rangedAbove.histogramAbove, bars: bare, underflow: beyond }
    expect(section(linesOf({ ...rangedAbove, histogramAbove: only }), 'ABOVE SPOT')[1]).toMatch(
      /^from [\d,.]+ +\$1\.0M +\$1\.0M$/,
    )
    const passed = { ...rangedAbove.histogramAbove, overflow: { ...none, rangeUsd: 2e6 } }
    const lines = linesOf({ ...rangedAbove, histogramAbove: passed })
    expect(section(lines, 'ABOVE SPOT').at(-2)).toMatch(/^ +passed +\$2\.0M +\$2\.0M$/)
    expect(flowing(lines)).toContain('passed: spot is beyond the whole range')
    expect(renderSvg({ ...rangedAbove, histogramAbove: passed })).toContain(
      'ranges that spot has passed: $2.0M',
    )
  })

  test('what is sold over ranges is shaded on its side of spot, and said once, after both', () => {
    const above = section(linesOf(rangedAbove), 'ABOVE SPOT')
    expect(above.filter((line) => line.includes('▒'))).toHaveLength(1)
    expect(section(linesOf(rangedAbove), 'BELOW SPOT').join()).not.toContain('▒')
    expect(above.at(1)).toMatch(/▒ +\$14\.4M +\$18\.5M$/)
    const text = renderText(rangedAbove, plain)
    expect(text.match(/sold bit by bit over ranges/g)).toHaveLength(1)
    expect(text.indexOf('sold bit by bit')).toBeGreaterThan(text.indexOf('ABOVE SPOT'))
    expect(text).toContain('▒ sold bit by bit over ranges (soft liquidation): $5.0M of 7 positions')
    // nobody is liquidated at a price on the way, and yet it is listed
    expect(section(linesOf(rangedAbove), 'RISES')[1]).toMatch(/^ *\+5\.0% .* 0 +\$5\.0M$/)
  })

  test('both sides share one scale and one step', () => {
    const above = section(linesOf(rich), 'ABOVE SPOT')
    expect(above[0]).toContain('$50 a row')
    expect(above.find((line) => line.includes('$9.4M'))).not.toContain('█')
  })
})

describe('whales, drops, levels, assumptions', () => {
  test('ten whales at most, the rest counted', () => {
    const whales = Array.from({ length: 14 }, () => first(rich.whales))
    const lines = section(linesOf({ ...rich, whales }), 'WHALES')
    expect(lines).toHaveLength(12)
    expect(lines.at(-1)).toBe('and 4 more')
  })

  test('addresses are whole where there is room', () => {
    expect(section(linesOf(rich, { width: 140 }), 'WHALES')[1]).toContain(first(rich.whales).owner)
    expect(section(linesOf(rich), 'WHALES')[1]).toMatch(/^0xFAf1…840F /)
  })

  test('one line a drop and a level', () => {
    expect(
      section(linesOf(rich), 'DROPS')
        .slice(1)
        .map((line) => line.trim().split(/ +/)[0]),
    ).toEqual(['-1.0%', '-5.0%', '-10.0%', '-15.0%', '-20.0%', '-30.0%', '-50.0%'])
    expect(section(linesOf(rich), 'LEVELS')[1]).toMatch(/^below +2,000\.00 +-7\.0% /)
    expect(renderText(empty, plain)).not.toMatch(/DROPS|LEVELS|WHALES/)
  })

  test('rises are listed apart, and only where one liquidates anything', () => {
    const rise = { ...first(rich.drops), pct: 10, price: 2366.1, positions: 0, collateralUsd: 0 }
    const withRise = (positions: number) => ({ ...rich, drops: [...rich.drops, { ...rise, positions }] })
    expect(section(linesOf(withRise(43)), 'RISES')[1]).toMatch(/^\+10\.0% +2,366\.10 /)
    expect(section(linesOf(withRise(43)), 'DROPS')).toHaveLength(8)
    expect(renderText(withRise(0), plain)).not.toContain('RISES')
  })

  test('assumptions come last and are complete', () => {
    const words = flowing(section([...linesOf(rich, { width: 60 })], 'ASSUMPTIONS'))
    for (const assumption of rich.assumptions) expect(words).toContain(assumption)
  })
})

describe('foreign text', () => {
  const nasty = `evil${ESCAPE}[31m\u0007\r\nname\u202e 鯨 é`
  const report: Report = {
    ...rich,
    whales: [{ ...first(rich.whales), entity: nasty }],
    coverage: [{ ...complete(nasty, 1, 1), notes: [nasty] }],
    assumptions: [nasty],
  }

  test('can neither colour, move the cursor nor break a line', () => {
    const text = renderText(report, plain)
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u)
    expect(text).toContain('- evil name 鯨 é\n')
  })

  test('is spelled in ASCII where it must', () => {
    expect(renderText(report, { ...plain, unicode: false })).toContain('- evil name ? e\n')
  })

  test('of any length fits', () => {
    const long = { ...report, coverage: [complete('x'.repeat(300), 1, 1)], assumptions: ['鯨'.repeat(200)] }
    const widths = linesOf(long, { width: 60 }).map(visibleWidth)
    expect(Math.max(...widths)).toBeLessThanOrEqual(60)
  })
})
