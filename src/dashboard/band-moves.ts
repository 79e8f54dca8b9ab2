import type { DiffBand, DiffBandMove, DiffDocument } from '../core/diff/document.ts'
import { change, count, percent, plural, usd } from './format.ts'
import { paint, span, wrap } from './ink.ts'
import type { Page } from './page.ts'
import { type Column, table } from './table.ts'

/** A band of one of the scans, and what is said of it. */
type Row = {
  readonly state: string
  readonly band: DiffBand
  readonly remarks: readonly string[]
}

const range = (page: Page, { low, high }: DiffBand): string => span(page, page.price(low), page.price(high))

const signed = (n: number): string => (n > 0 ? `+${usd(n)}` : usd(n))

const remarksOf = (move: DiffBandMove, page: Page): readonly string[] => {
  const { from, to, moved, priceUsd, positionsUsd, ownersEntered, ownersLeft } = move
  const edges = range(page, from) === range(page, to) ? [] : [range(page, from)]
  return [
    [
      `was #${from.rank}`,
      ...edges,
      `${usd(from.collateralUsd)}, ${percent(from.share)} of its side, ${change(from.distancePct)} from spot`,
    ].join(' '),
    ...(moved || priceUsd !== 0
      ? [`collateral ${signed(priceUsd)} by price, ${signed(positionsUsd)} by positions`]
      : []),
    ...(ownersEntered + ownersLeft > 0
      ? [`${plural(ownersEntered, 'owner')} entered, ${count(ownersLeft)} left`]
      : []),
  ]
}

/** Whether its place among the others is another one, though nothing in it moved. */
const isOutgrown = ({ from, to }: DiffBandMove): boolean =>
  from.rank !== to.rank || percent(from.share) !== percent(to.share)

const stateOf = ({ moved, priceUsd }: DiffBandMove): string =>
  moved ? 'moved' : priceUsd === 0 ? 'same' : 'price'

/** Which bands are which, which are new and which are gone; `#` is the rank in the scan that has the band. */
export const bandMoveLines = ({ bands, from }: DiffDocument, page: Page): readonly string[] => {
  const rows: readonly Row[] = [
    ...bands.matched.map((move) => ({
      state: stateOf(move),
      band: move.to,
      remarks: stateOf(move) === 'same' && !isOutgrown(move) ? [] : remarksOf(move, page),
    })),
    ...bands.new.map((band) => ({ state: 'new', band, remarks: [] })),
    ...bands.gone.map((band) => ({ state: 'gone', band, remarks: [`was in scan ${from.id}`] })),
  ]
  if (rows.length === 0) return []
  const columns: readonly Column<Row>[] = [
    { header: 'BANDS', value: ({ band }) => `#${band.rank}`, style: () => 'band' },
    { header: '', value: ({ state }) => state },
    { header: 'kind', value: ({ band }) => band.kind },
    { header: 'price range', value: ({ band }) => range(page, band), align: 'right', style: () => 'band' },
    { header: 'from spot', value: ({ band }) => change(band.distancePct), align: 'right', optional: 1 },
    { header: 'collateral', value: ({ band }) => usd(band.collateralUsd), align: 'right' },
    { header: 'share', value: ({ band }) => percent(band.share), align: 'right', optional: 2 },
  ]
  const [header = '', ...lines] = table(rows, columns, page)
  return [
    header,
    ...rows.flatMap(({ band, remarks }, i) => {
      const people = `${plural(band.positions, 'position')} of ${plural(band.owners, 'owner')}`
      const who = band.singleEntity === null ? people : `${band.singleEntity}: ${people}`
      return [
        lines[i] ?? '',
        ...[who, ...remarks]
          .flatMap((line) => wrap(line, page.width - 7))
          .map((line) => paint(page, 'dim', `       ${line}`)),
      ]
    }),
    '',
  ]
}
