import type { Band, Level, Report } from '../../core/report.ts'
import { change, percent, plural, price, priceDecimals, shortHex } from '../format.ts'
import { clean, clip } from '../ink.ts'
import type { Columns, Panel } from './columns.ts'
import { spotText } from './header.ts'
import type { Wish } from './labels.ts'
import type { Unit } from './unit.ts'

/** What a label over the plot belongs to. */
export type Marked =
  | { readonly type: 'spot' }
  | { readonly type: 'band'; readonly band: Band }
  | { readonly type: 'level'; readonly level: Level }

const NAME_COLUMNS = 24

/** A name or an address, short enough for a label. */
export const nameText = (name: string): string =>
  clip(shortHex(clean(name, true), '…'), NAME_COLUMNS, { unicode: true })

/** A band's range to the cent, or finer where a cent is coarse. */
export const rangeText = ({ low, high }: Pick<Band, 'low' | 'high'>, spotUsd: number): string => {
  const decimals = priceDecimals(spotUsd)
  return `$${price(low, decimals)}–$${price(high, decimals)}`
}

/** From spot to the band's nearest edge and to its far one. */
export const distanceText = (
  band: Pick<Band, 'side' | 'low' | 'high' | 'distancePct'>,
  spotUsd: number,
): string => {
  const near = change(band.distancePct)
  const far = change(((band.side === 'below' ? band.low : band.high) / spotUsd - 1) * 100)
  return near === far ? near : `${near} to ${far}`
}

/** Who holds a band: the one entity, or how many owners. */
export const holdersText = ({ singleEntity, owners }: Pick<Band, 'singleEntity' | 'owners'>): string =>
  singleEntity === null ? plural(owners, 'owner') : nameText(singleEntity)

const bandFacts = (band: Band, spotUsd: number, unit: Unit): readonly string[] => [
  `#${band.rank} ${rangeText(band, spotUsd)}`,
  unit.write(band.collateralUsd),
  percent(band.share),
  holdersText(band),
  distanceText(band, spotUsd),
]

/** A band in one line. */
export const bandText = (band: Band, spotUsd: number, unit: Unit): string =>
  bandFacts(band, spotUsd, unit).join(' · ')

/** From all facts to the bare rank. */
const bandTexts = (band: Band, spotUsd: number, unit: Unit): readonly string[] => {
  const facts = bandFacts(band, spotUsd, unit)
  return [5, 4, 2, 1].map((n) => facts.slice(0, n).join(' · ')).concat(`#${band.rank}`)
}

const levelTexts = ({ price: at, collateralUsd }: Level, spotUsd: number, unit: Unit): readonly string[] => {
  const text = `level $${price(at, priceDecimals(spotUsd))}`
  return [`${text} · ${unit.write(collateralUsd)}`, text]
}

/** The labels wanted over the plot: spot, then the bands by rank, then the levels. */
export const wishesOf = (report: Report, columns: Columns, unit: Unit): readonly Wish<Marked>[] => {
  const { spotUsd } = report.driver
  const panelOf = (side: Panel['side']): Panel | null => (side === 'below' ? columns.below : columns.above)
  const bands = report.bands.flatMap((band) => {
    const panel = panelOf(band.side)
    if (panel === null) return []
    const anchor = (panel.x.at(band.low) + panel.x.at(band.high)) / 2
    return [
      { item: { type: 'band' as const, band }, anchor, texts: bandTexts(band, spotUsd, unit), weight: 4 },
    ]
  })
  const levels = report.levels.flatMap((level) => {
    const panel = panelOf(level.crossed)
    if (panel === null) return []
    return [
      {
        item: { type: 'level' as const, level },
        anchor: panel.x.at(level.price),
        texts: levelTexts(level, spotUsd, unit),
        weight: 1,
      },
    ]
  })
  const spot = {
    item: { type: 'spot' as const },
    anchor: columns.below.x.to,
    texts: [`spot ${spotText(report)}`, 'spot'],
    weight: 8,
  }
  return [spot, ...bands, ...levels]
}
