import type { PositionDocument } from '../core/documents.ts'
import { amount, change, plural, price, shortHex, usd } from './format.ts'
import { ellipsis, type Ink, paint, span } from './ink.ts'
import { cleanTexts } from './page.ts'
import { table } from './table.ts'

type Options = Ink & {
  readonly width: number
  /** How many there are before the limit. */
  readonly total: number
  readonly driver: { readonly symbol: string; readonly spotUsd: number }
}

const at = (p: PositionDocument, ink: Ink): string => {
  if (p.price !== null) return price(p.price)
  return p.low !== null && p.high !== null ? span(ink, price(p.low), price(p.high)) : '-'
}

/** Positions as a table, and how many of them are shown. */
export const positionLines = (
  positions: readonly PositionDocument[],
  { total, driver, ...page }: Options,
): readonly string[] => {
  if (positions.length === 0)
    return ['No position: nothing in this scan matches. Try a wider --from and --to, or no filter.']
  const owner = (p: PositionDocument): string => p.entity ?? p.owner ?? p.id
  const lines = table<PositionDocument>(
    cleanTexts(positions, page.unicode),
    [
      { header: 'owner', value: owner, compact: (p) => shortHex(owner(p), ellipsis(page)) },
      { header: 'outcome', value: ({ outcome }) => outcome },
      { header: `${driver.symbol} price`, value: (p) => at(p, page), align: 'right' },
      {
        header: 'from spot',
        value: (p) => (p.price === null ? '' : change((p.price / driver.spotUsd - 1) * 100)),
        align: 'right',
        optional: 2,
      },
      { header: 'collateral', value: (p) => usd(p.collateralUsd), align: 'right' },
      { header: 'debt', value: (p) => usd(p.debtUsd), align: 'right' },
      {
        header: 'health',
        value: (p) => (p.healthFactor === null ? '-' : amount(Math.min(p.healthFactor, 999))),
        align: 'right',
        optional: 1,
      },
      { header: 'source', value: ({ source }) => source, optional: 3 },
    ],
    page,
  )
  const rest = total - positions.length
  return [
    ...lines,
    paint(
      page,
      'dim',
      rest > 0
        ? `${positions.length} of ${plural(total, 'position')}: raise --limit for the rest`
        : plural(total, 'position'),
    ),
  ]
}
