import { OUTCOMES } from '../../core/position.ts'
import type { Band, BandMember, Coverage, Drop, Level, Report, Total } from '../../core/report.ts'
import { amount, change, count, percent, plural, price, priceDecimals, ratio, usd, utc } from '../format.ts'
import { type HtmlColumn, htmlTable } from './html-table.ts'
import { element, escaped } from './markup.ts'
import { rangeText } from './wishes.ts'

type Amounts = Pick<Total, 'collateralUsd' | 'debtUsd' | 'positions'>

const figure = <Row>(header: string, value: (row: Row) => string): HtmlColumn<Row> => ({
  header,
  value,
  style: 'right',
})

/** Where a price passes ranges: what it sells of them, beside what it liquidates. */
const overRanges = <Row extends Pick<Drop, 'rangeUsd'>>(rows: readonly Row[]): readonly HtmlColumn<Row>[] =>
  rows.some(({ rangeUsd }) => rangeUsd > 0)
    ? [figure('and over ranges', ({ rangeUsd }) => usd(rangeUsd))]
    : []

const section = (title: string, content: string): string => `<h2>${escaped(title)}</h2>\n${content}`

const money = <Row extends Amounts>(): readonly HtmlColumn<Row>[] => [
  figure('collateral', ({ collateralUsd }) => usd(collateralUsd)),
  figure('debt', ({ debtUsd }) => usd(debtUsd)),
  figure('positions', ({ positions }) => count(positions)),
]

/** What a band has to do with others: what it takes in, and what it shares a range with. */
const relations = ({ includes, overlaps }: Band, spotUsd: number): string =>
  [
    ...includes.map(
      (part) =>
        `includes ${part.kind} ${rangeText(part, spotUsd)}: ${usd(part.collateralUsd)} of ` +
        (part.singleEntity ?? plural(part.owners, 'owner')),
    ),
    ...overlaps.map((other) => `overlaps #${other.rank} in ${rangeText(other, spotUsd)}`),
  ].join('; ')

const bandColumns = ({ driver }: Report): readonly HtmlColumn<Band>[] => [
  { header: '', value: ({ rank }) => `#${rank}` },
  { header: 'kind', value: ({ kind }) => kind },
  figure('price range', (band) => rangeText(band, driver.spotUsd)),
  figure('from spot', ({ distancePct }) => change(distancePct)),
  ...money<Band>(),
  figure(driver.symbol, ({ driverAmount }) => amount(driverAmount)),
  figure('share of side', ({ share }) => percent(share)),
  figure('owners', ({ owners }) => count(owners)),
  figure('effective holders', ({ effectiveHolders }) => amount(effectiveHolders)),
  { header: 'entity', value: ({ singleEntity }) => singleEntity ?? '' },
  figure('all in range', ({ inRangeUsd }) => usd(inRangeUsd)),
  figure('density', ({ densityRatio }) => ratio(densityRatio)),
  figure('confidence', ({ confidence }) => percent(confidence)),
  {
    header: 'by source',
    value: ({ byProtocol }) =>
      byProtocol.map(({ source, share }) => `${source} ${percent(share)}`).join(', '),
  },
  { header: 'relations', value: (band) => relations(band, driver.spotUsd), style: 'wrap' },
]

const members = (band: Band, { driver }: Report): string => {
  const columns: readonly HtmlColumn<BandMember>[] = [
    { header: 'owner', value: ({ owner }) => owner, style: 'mono' },
    { header: 'entity', value: ({ entity }) => entity ?? '' },
    { header: 'source', value: ({ source }) => source, style: 'mono' },
    figure('liquidation price', (member) => `$${price(member.price, priceDecimals(driver.spotUsd))}`),
    figure('collateral', ({ collateralUsd }) => usd(collateralUsd)),
    figure('debt', ({ debtUsd }) => usd(debtUsd)),
  ]
  if (band.topPositions.length === 0) return ''
  const summary = `Largest positions of #${band.rank} ${rangeText(band, driver.spotUsd)}`
  return `<details><summary>${escaped(summary)}</summary>\n${htmlTable(band.topPositions, columns, '')}</details>`
}

const bands = (report: Report): string =>
  section(
    'Bands',
    [
      htmlTable(report.bands, bandColumns(report), 'No band.'),
      ...report.bands.map((band) => members(band, report)),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  )

const whales = ({ whales: rows, driver }: Report): string =>
  section(
    'Largest owners',
    htmlTable(
      rows,
      [
        { header: 'owner', value: ({ owner }) => owner, style: 'mono' },
        { header: 'entity', value: ({ entity }) => entity ?? '' },
        { header: 'side', value: ({ side }) => side },
        figure('mean price', (whale) => `$${price(whale.price, priceDecimals(driver.spotUsd))}`),
        figure('share of side', ({ share }) => percent(share)),
        ...money(),
      ],
      'No owner holds enough to be named.',
    ),
  )

const moves = ({ drops, levels, driver }: Report): string => {
  const at = <Row extends Omit<Drop, 'pct'>>(): HtmlColumn<Row> =>
    figure(`${driver.symbol} price`, (row) => `$${price(row.price, priceDecimals(driver.spotUsd))}`)
  return [
    section(
      'Liquidatable after a move',
      htmlTable(
        drops,
        [figure('move', ({ pct }) => change(pct)), at(), ...money<Drop>(), ...overRanges(drops)],
        'None was computed.',
      ),
    ),
    section(
      'Levels',
      htmlTable(
        levels,
        [
          at(),
          { header: 'crossed', value: ({ crossed }) => crossed },
          ...money<Level>(),
          ...overRanges(levels),
        ],
        'No level is configured.',
      ),
    ),
  ].join('\n')
}

const totals = ({ totals: all, driver }: Report): string =>
  section(
    'Totals',
    htmlTable(
      OUTCOMES.map((outcome) => ({ outcome, ...all[outcome] })),
      [
        { header: 'liquidatable', value: ({ outcome }) => outcome },
        figure('owners', ({ owners }) => count(owners)),
        ...money(),
        figure(driver.symbol, ({ driverAmount }) => amount(driverAmount)),
      ],
      '',
    ),
  )

const isBad = ({ status }: Coverage): boolean => status !== 'complete'
/** What a failed read did not find is unknown, not zero. */
const known =
  (field: 'accounts' | 'positions' | 'debtUsd', write: (n: number) => string) =>
  (row: Coverage): string =>
    row.status === 'failed' && row[field] === 0 ? '?' : write(row[field])

const coverage = (report: Report): string =>
  section(
    'Coverage',
    htmlTable(
      report.coverage,
      [
        { header: 'source', value: ({ source }) => source, style: 'mono' },
        { header: 'status', value: ({ status }) => status, bad: isBad },
        figure('accounts', known('accounts', count)),
        figure('positions', known('positions', count)),
        figure('unpriced', ({ unpriced }) => count(unpriced)),
        figure('debt read', known('debtUsd', usd)),
        figure("protocol's own debt", ({ protocolDebtUsd }) =>
          protocolDebtUsd === null ? '?' : usd(protocolDebtUsd),
        ),
        figure('covered', ({ debtCovered }) => (debtCovered === null ? '?' : percent(debtCovered))),
        figure('requests', ({ requests }) => count(requests)),
        {
          header: 'remarks',
          value: ({ error, notes }) => [...(error === null ? [] : [error]), ...notes].join('; '),
          style: 'wrap',
          bad: ({ error }) => error !== null,
        },
      ],
      'No source was read.',
    ),
  )

const blocks = ({ blocks: rows }: Report): string =>
  section(
    'Blocks',
    htmlTable(
      rows,
      [
        { header: 'chain', value: ({ chain, chainId }) => `${chain} (${chainId})` },
        figure('block', ({ number }) => (number === null ? '?' : count(number))),
        { header: 'time', value: ({ timestamp }) => (timestamp === null ? '?' : utc(timestamp)) },
        { header: 'hash', value: ({ hash }) => hash ?? '?', style: 'mono' },
      ],
      'No block.',
    ),
  )

const assumptions = (report: Report): string =>
  section(
    'Assumptions',
    report.assumptions.length === 0
      ? '<p class="soft-text">None is recorded.</p>'
      : element('ul', {}, report.assumptions.map((text) => `<li>${escaped(text)}</li>`).join('\n')),
  )

/** Everything under the picture: the report's numbers as tables, and what they rest on. */
export const sections = (report: Report): string =>
  [bands, whales, moves, totals, coverage, blocks, assumptions].map((part) => part(report)).join('\n')
