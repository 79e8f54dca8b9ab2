import { InvalidArgumentError } from 'commander'
import { isPercentStep, type Step } from '../core/grid.ts'
import type { BlockTag } from '../sources/rpc.ts'

/** Option values as text, checked where they are read; commander turns the error into one line. */

export const parseCount = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number from 1.')
  return value
}

export const parseUsd = (text: string): number => {
  const value = Number(text.replaceAll(',', ''))
  if (!/^(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(text) || !Number.isFinite(value))
    throw new InvalidArgumentError('Expected an amount in USD, like 1800 or 1862.02.')
  return value
}

/** The width of a bar: `10` is USD, `0.5%` of the price. */
export const parseStep = (text: string): Step => {
  if (text.endsWith('%')) {
    const percent = /^\d+(\.\d+)?%$/.test(text) ? Number.parseFloat(text) : 0
    if (!isPercentStep(percent)) throw new InvalidArgumentError('Expected 0.1% to 50% of the price.')
    return { percent }
  }
  const usd = parseUsd(text)
  if (usd === 0) throw new InvalidArgumentError('A bar needs a width.')
  return { usd }
}

export const parseScanId = (text: string): number | 'latest' => {
  if (text === 'latest') return text
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Expected the number of a scan, or latest.')
  return Number(text)
}

export const parseBlock = (text: string): BlockTag | bigint => {
  if (text === 'finalized' || text === 'safe' || text === 'latest') return text
  if (!/^\d+$/.test(text))
    throw new InvalidArgumentError('Expected a block number, finalized, safe or latest.')
  return BigInt(text)
}

export const parseKeys = (text: string): readonly string[] => {
  const keys = text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
  if (keys.length === 0) throw new InvalidArgumentError('Expected source keys, separated by commas.')
  return keys
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `90s`, `15m`, `1h`, `1d` in seconds. */
export const parseEvery = (text: string): number => {
  const match = /^(\d+)([smhd])$/.exec(text)
  const seconds = match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0) : 0
  if (seconds < 1) throw new InvalidArgumentError('Expected a time like 90s, 15m, 1h or 1d.')
  return seconds
}

/** Collects `ETH=2000`, given once or more often. */
export const parseSpot = (
  text: string,
  before: Readonly<Record<string, number>> = {},
): Record<string, number> => {
  const match = /^([A-Z]+)=(\d+(?:\.\d+)?)$/.exec(text)
  const price = Number(match?.[2])
  if (!match?.[1] || !(price > 0))
    throw new InvalidArgumentError('Expected a driver and its price, like ETH=2000.')
  return { ...before, [match[1]]: price }
}

/** Collects falls in percent: `-15%`, `-5%,-10%`. */
export const parseShocks = (text: string, before: readonly number[] = []): readonly number[] => {
  const falls = text.split(',').map((part) => (/^-\d+(\.\d+)?%?$/.test(part) ? Number.parseFloat(part) : 0))
  if (falls.some((pct) => pct <= -100 || pct >= 0))
    throw new InvalidArgumentError('Expected falls between 0 and -100%, like -15% or -5%,-10%.')
  return [...before, ...falls]
}

const SCALES: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, B: 1e9 }

/** Collects amounts of USD: `20M`, `20M,1.5B`; a comma separates them, so that none may stand within one. */
export const parseDepths = (text: string, before: readonly number[] = []): readonly number[] => {
  const grouped = /^\d{1,3}(,\d{3})+$/.test(text)
  const depths = text.split(',').map((part) => {
    const match = /^\$?(\d+(?:\.\d+)?)([KMB]?)$/i.exec(part)
    return Number(match?.[1] ?? 0) * (SCALES[match?.[2]?.toUpperCase() ?? ''] ?? 0)
  })
  if (grouped || depths.some((usd) => !(usd > 0 && Number.isFinite(usd))))
    throw new InvalidArgumentError('Expected amounts in USD above 0, like 40M or 20M,40M.')
  return [...before, ...depths]
}
