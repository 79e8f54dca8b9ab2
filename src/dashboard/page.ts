import type { Report } from '../core/report.ts'
import { price, priceDecimals } from './format.ts'
import { clean, type Ink } from './ink.ts'

/** What every section needs to know: the ink, the room, and how this driver's prices are written. */
export type Page = Ink & {
  readonly width: number
  readonly symbol: string
  readonly price: (n: number) => string
}

/** Beyond this a line is too long to follow with the eye. */
const WIDEST = 132

/** The page a document about a driver is drawn on. */
export const pageOf = ({ driver }: Pick<Report, 'driver'>, ink: Ink, width: number): Page => {
  const decimals = priceDecimals(driver.spotUsd)
  return {
    ...ink,
    width: Math.min(width, WIDEST),
    symbol: driver.symbol,
    price: (n) => price(n, decimals),
  }
}

const cleanDeep = (value: unknown, unicode: boolean): unknown => {
  if (typeof value === 'string') return clean(value, unicode)
  if (Array.isArray(value)) return value.map((item) => cleanDeep(item, unicode))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cleanDeep(item, unicode)]))
}

/** A document with every text made fit for a terminal: names and errors were written by chains and endpoints. */
export const cleanTexts = <T>(document: T, unicode: boolean): T => cleanDeep(document, unicode) as T
