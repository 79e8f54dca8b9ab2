import type { Report } from '../../core/report.ts'
import { amount, count, usd } from '../format.ts'

/** What the value axes count: US dollars, or the driver at the spot price. */
export type UnitName = 'usd' | 'driver'

export type Unit = {
  readonly name: UnitName
  /** As the axes name it. */
  readonly label: string
  readonly short: string
  /** Of an amount in USD. */
  readonly of: (amountUsd: number) => number
  /** An amount in USD as text in this unit, with its sign or symbol. */
  readonly write: (amountUsd: number) => string
  /** A round value in this unit, as a tick shows it. */
  readonly tick: (value: number) => string
}

/** Beyond any amount there is, and far enough from infinity to be summed. */
const MOST = 1e300

const plain = (text: string): string =>
  text.replace(/(\.\d*?)0+(?=[kMBT]?$)/, '$1').replace(/\.(?=[kMBT]?$)/, '')

/** US dollars as they are, or units of the driver: dollars over spot. */
export const unitOf = ({ driver }: Pick<Report, 'driver'>, name: UnitName): Unit => {
  if (name === 'usd') {
    return {
      name,
      label: 'USD',
      short: 'USD',
      of: (n) => Math.min(n, MOST),
      write: usd,
      tick: (n) => plain(usd(n)),
    }
  }
  const of = (n: number): number => Math.min(n / driver.spotUsd, MOST)
  return {
    name,
    label: `${driver.symbol} at spot`,
    short: driver.symbol,
    of,
    write: (n) => `${of(n) >= 1000 && of(n) < 1e12 ? count(of(n)) : amount(of(n))} ${driver.symbol}`,
    tick: (n) => (n >= 1000 ? plain(usd(n)).slice(1) : plain(amount(n))),
  }
}
