import type { Band, Report } from '../core/report.ts'
import { shortfall } from './coverage.ts'
import { amount, change, percent, plural, ratio, usd } from './format.ts'
import { paint, span, wrap } from './ink.ts'
import type { Page } from './page.ts'
import { type Column, fits, table } from './table.ts'

const holders = ({ singleEntity, positions, owners, entities }: Band): string => {
  const people = `${plural(positions, 'position')} of ${plural(owners, 'owner')}`
  return singleEntity === null
    ? `${people} in ${plural(entities, 'entity', 'entities')}`
    : `${singleEntity}: ${people}`
}

const range = (page: Page, { low, high }: Pick<Band, 'low' | 'high'>): string =>
  span(page, page.price(low), page.price(high))

/** A column, and how its value reads in the line below the row when the table has no room for it. */
type Fact = { readonly column: Column<Band>; readonly words: (band: Band) => string }

const factsOf = (page: Page): readonly Fact[] => {
  const fact = (
    column: Column<Band>,
    words: (value: string) => string = (value) => `${column.header} ${value}`,
  ): Fact => ({ column, words: (band) => words(column.value(band)) })
  return [
    fact({ header: 'BANDS', value: ({ rank }) => `#${rank}`, style: () => 'band' }),
    fact({ header: 'kind', value: ({ kind }) => kind }, (value) => value),
    fact({
      header: 'price range',
      value: (band) => range(page, band),
      align: 'right',
      style: () => 'band',
    }),
    fact({ header: 'from spot', value: ({ distancePct }) => change(distancePct), align: 'right' }),
    fact({
      header: 'collateral',
      value: ({ collateralUsd }) => usd(collateralUsd),
      align: 'right',
      style: () => 'bold',
    }),
    fact(
      { header: page.symbol, value: ({ driverAmount }) => amount(driverAmount), align: 'right' },
      (value) => `${value} ${page.symbol}`,
    ),
    fact({ header: 'share', value: ({ share }) => percent(share), align: 'right' }),
    fact({ header: 'held by', value: holders }, (value) => value),
    fact({ header: 'confidence', value: ({ confidence }) => percent(confidence), align: 'right' }),
  ]
}

/** What leaves the table first when it is too wide: by header position, the least compared first. */
const SPILL = [7, 8, 1, 5, 6]

/** The facts that fit in the table, and those left for the line below. */
const divide = (bands: readonly Band[], facts: readonly Fact[], width: number) => {
  for (let n = 0; ; n++) {
    const out = SPILL.slice(0, n)
    const inside = facts.filter((_, i) => !out.includes(i))
    const columns = inside.map(({ column }) => column)
    if (n === SPILL.length || fits(bands, columns, width)) {
      return { columns, spilled: facts.filter((_, i) => out.includes(i)) }
    }
  }
}

const relations = (
  { collateralUsd, inRangeUsd, densityRatio, includes, overlaps }: Band,
  page: Page,
): readonly string[] => [
  ...(inRangeUsd > collateralUsd * 1.005
    ? [`everyone in this range: ${usd(inRangeUsd)}, ${ratio(densityRatio)} its surroundings`]
    : []),
  ...includes.map((part) => {
    const who = part.singleEntity ?? plural(part.owners, 'owner')
    return `includes ${part.kind} ${range(page, part)}: ${usd(part.collateralUsd)} of ${who}`
  }),
  ...overlaps.map(
    (other) => `overlaps #${other.rank} in ${range(page, other)} (${usd(other.collateralUsd)} of it there)`,
  ),
]

const emptyWords = (report: Report): string => {
  const missing = shortfall(report)
  const where = missing === null ? '' : ` in what was read (${missing})`
  const { below, above, range } = report.totals
  if (below.positions === 0 && above.positions === 0 && range.positions > 0) {
    return `No band${where}: what ${report.driver.symbol} can move is liquidated bit by bit, over ranges (${plural(range.positions, 'position')}), none of it at one price.`
  }
  if (below.positions === 0 && above.positions === 0) {
    return `No band${where}: no position is liquidated by a move of ${report.driver.symbol} alone.`
  }
  const side = below.positions === 0 ? 'above' : above.positions === 0 ? 'below' : 'on both sides of'
  return `No band${where}: collateral ${side} spot is spread over many prices and holders, nowhere dense enough to stand out.`
}

/** The bands in a table, and under each what does not fit in a column. */
export const bandLines = (report: Report, page: Page): readonly string[] => {
  const { bands } = report
  if (bands.length === 0) {
    return [paint(page, 'bold', 'BANDS'), ...wrap(emptyWords(report), page.width), '']
  }
  const { columns, spilled } = divide(bands, factsOf(page), page.width)
  const [header = '', ...rows] = table(bands, columns, page)
  const indent = ' '.repeat(7)
  return [
    header,
    ...bands.flatMap((band, i) => {
      const facts = spilled.map(({ words }) => words(band)).join(', ')
      const broken = (line: string): readonly string[] => wrap(line, page.width - indent.length)
      return [
        rows[i] ?? '',
        ...(facts === '' ? [] : broken(facts).map((line) => indent + line)),
        ...relations(band, page)
          .flatMap(broken)
          .map((line) => indent + paint(page, 'dim', line)),
      ]
    }),
    '',
  ]
}
