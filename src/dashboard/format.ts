/** Numbers as a trader reads them. None of these ever prints NaN, Infinity or a negative zero. */

const UNKNOWN = 'n/a'

const FORMATS = Array.from(
  { length: 13 },
  (_, decimals) =>
    new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
)

const fixed = (n: number, decimals: number): string => {
  const text = FORMATS[decimals]?.format(n) ?? n.toFixed(decimals)
  return /^-[0.]+$/.test(text) ? text.slice(1) : text
}

const SCALES: readonly (readonly [unit: number, suffix: string, decimals: number])[] = [
  [1e3, 'k', 1],
  [1e6, 'M', 1],
  [1e9, 'B', 2],
  [1e12, 'T', 2],
]

/** `size` (positive, from about a thousand) in the smallest unit in which it stays under a thousand. */
const scaled = (size: number): string => {
  for (const [unit, suffix, decimals] of SCALES) {
    const text = (size / unit).toFixed(decimals)
    if (Number(text) < 1000) return text + suffix
  }
  return size.toExponential(2).replace('+', '')
}

/** US dollars, short: $1.33B, $412.0M, $12.3k, $950; `<$1` for what is not quite nothing. */
export const usd = (n: number): string => {
  if (!Number.isFinite(n)) return UNKNOWN
  const size = Math.abs(n)
  if (size < 0.5) return n > 0 ? '<$1' : '$0'
  return `${n < 0 ? '-' : ''}$${size < 999.5 ? size.toFixed(0) : scaled(size)}`
}

/** Decimals that suit prices of an asset at `spot`: cents, and more where a cent is coarse. */
export const priceDecimals = (spot: number): number =>
  Number.isFinite(spot) && spot > 0 && spot < 10 ? Math.min(12, 4 - Math.floor(Math.log10(spot))) : 2

/** A price in US dollars without the sign, to the cent: 1,862.02; below one dollar to five digits. */
export const price = (n: number, decimals?: number): string => {
  if (!Number.isFinite(n)) return UNKNOWN
  if (Math.abs(n) >= 1e12) return n.toExponential(2).replace('+', '')
  const places = decimals ?? (Math.abs(n) < 1 ? priceDecimals(Math.abs(n)) : 2)
  const text = fixed(n, places)
  return n > 0 && Number(text) === 0 ? `<${(10 ** -places).toFixed(places)}` : text
}

/** A share (0..1) in percent; 100% and 0% only when it is exactly that, more digits the closer it comes to 100%. */
export const percent = (share: number): string => {
  if (!Number.isFinite(share)) return UNKNOWN
  if (share === 1) return '100%'
  if (share > 0 && share < 0.0005) return '<0.1%'
  if (Math.abs(share) >= 1e6) return `${(share * 100).toExponential(1).replace('+', '')}%`
  for (const decimals of [1, 2, 3, 4]) {
    const text = fixed(share * 100, decimals)
    if (Number(text) !== 100) return `${text}%`
  }
  return share < 1 ? '>99.9999%' : '>100%'
}

/** A change that already is in percent, with its sign: -13.4%, +5.0%. */
export const change = (pct: number): string => {
  if (!Number.isFinite(pct)) return UNKNOWN
  if (Math.abs(pct) >= 1e6) return `${pct.toExponential(1).replace('e+', 'e')}%`
  const text = fixed(pct, 1)
  return `${pct > 0 && Number(text) !== 0 ? '+' : ''}${text}%`
}

/** Units of an asset: 618,245.96; whole from a million, shortened from a hundred million, four digits below one. */
export const amount = (n: number): string => {
  if (!Number.isFinite(n)) return UNKNOWN
  const size = Math.abs(n)
  const sign = n < 0 ? '-' : ''
  if (size === 0) return '0'
  if (size < 1e-6) return n > 0 ? '<0.000001' : '0'
  if (size < 1) return sign + String(Number(size.toFixed(Math.min(6, 3 - Math.floor(Math.log10(size))))))
  if (size < 1e6) return fixed(n, 2)
  return size < 1e8 ? fixed(n, 0) : sign + scaled(size)
}

/** How many times as much: 7.9x. */
export const ratio = (n: number): string =>
  Number.isFinite(n) ? `${Math.abs(n) < 1e6 ? fixed(n, 1) : n.toExponential(1).replace('+', '')}x` : UNKNOWN

/** A count: 41,207. */
export const count = (n: number): string => {
  if (!Number.isFinite(n)) return UNKNOWN
  return Math.abs(n) < 1e12 ? fixed(n, 0) : n.toExponential(2).replace('+', '')
}

/** A count with its noun: 1 owner, 6 owners. */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`

/** An ISO-8601 time to the second, as people write it: 2026-02-02 09:14:59 UTC. */
export const utc = (iso: string): string => {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return iso
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A long hexadecimal name by its two ends, anything else as it is. */
export const shortHex = (text: string, gap: string): string =>
  /^0x[0-9a-fA-F]{16,}$/.test(text) ? `${text.slice(0, 6)}${gap}${text.slice(-4)}` : text
