import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { drippedRate } from '../src/adapters/sky-rules.ts'
import { parseUnitsDown, RAY } from '../src/core/units.ts'

/**
 * The recorded ledger of Maker's ETH-B vaults (test/fixtures/maker-ethb, source and licence in its README), replayed
 * event by event into what each vault held and owed.
 */

/** What a vault holds and owes: wad, debt normalised. */
export type LedgerVault = { readonly ink: bigint; readonly art: bigint }

/** The ledger right before one of its events. */
export type Moment = {
  readonly vaults: ReadonlyMap<string, LedgerVault>
  /** Ray, with the fee up to the event. */
  readonly rate: bigint
}

export type Entry = {
  readonly block: number
  /** Unix seconds. */
  readonly time: number
  readonly vault: string
  readonly kind: 'deposit' | 'mint' | 'repay' | 'liquidation' | 'withdrawal'
  /** Wad. */
  readonly eth: bigint
  readonly dai: bigint
}

export type Ledger = {
  readonly entries: readonly Entry[]
  /** Liquidation ratio, ray. */
  readonly mat: bigint
  /** Yearly fees, each from its second on. */
  readonly fees: readonly { readonly time: number; readonly yearly: number }[]
  /** USD per ETH at 00:00 UTC, by Unix second of that moment, in order. */
  readonly prices: readonly { readonly time: number; readonly usd: number }[]
}

/** What happens in one block happens in this order (README of the data). */
const ORDER: readonly Entry['kind'][] = ['deposit', 'mint', 'repay', 'liquidation', 'withdrawal']

const SECONDS_A_YEAR = 31_536_000

type Row = Readonly<Record<string, string>>

const rowsOf = (file: URL): readonly Row[] => {
  const raw = readFileSync(file)
  const text = file.pathname.endsWith('.gz') ? gunzipSync(raw) : raw
  return z.array(z.record(z.string(), z.string())).parse(parse(text, { bom: true, columns: true }))
}

/** `2021-05-23 17:51:59.000`, hours unpadded too, UTC. */
const secondOf = (text: string | undefined): number => {
  const match = /^(\d{4}-\d\d-\d\d) (\d{1,2}):(\d\d):(\d\d)/.exec(text ?? '')
  if (!match) throw new Error(`no time in the ledger: ${text}`)
  const [, day, hour = '', minute, second] = match
  return Date.parse(`${day}T${hour.padStart(2, '0')}:${minute}:${second}Z`) / 1000
}

/** Without its sign; `-8e-18` is a few wei. */
const wadOf = (text: string | undefined): bigint => {
  const [digits = '', exponent = '0'] = (text ?? '').split('e')
  const value = parseUnitsDown(digits, 18 + Number(exponent))
  if (value === null) throw new Error(`no amount in the ledger: ${text}`)
  return value < 0n ? -value : value
}

/** @param folder ends with a slash */
export const readLedger = (folder: URL): Ledger => {
  const read = (name: string, kind: Entry['kind'], eth: string | null, dai: string | null) =>
    rowsOf(new URL(`events/ethb_${name}.csv.gz`, folder)).map(
      (row): Entry => ({
        block: Number(row.BLOCK_NUMBER),
        time: secondOf(row.BLOCK_TIMESTAMP),
        vault: row.VAULT_NUMBER ?? '',
        kind,
        eth: eth === null ? 0n : wadOf(row[eth]),
        dai: dai === null ? 0n : wadOf(row[dai]),
      }),
    )
  const entries = [
    ...read('vault_deposits', 'deposit', 'DEPOSIT_AMOUNT_ADJ', null),
    ...read('dai_borrows', 'mint', null, 'DAI_MINTED'),
    ...read('dai_repayments', 'repay', null, 'DAI_REPAYED'),
    ...read('vault_liquidations', 'liquidation', 'COLLATERAL_LIQUIDATED_AMOUNT', 'DAI_REPAYED_AMOUNT'),
    ...read('vault_withdrawals', 'withdrawal', 'WITHDRAWN_AMOUNT_ADJ', null),
  ].sort((a, b) => a.block - b.block || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
  const changes = rowsOf(new URL('ETHB-Parameter-Changes.csv', folder))
  const of = (parameter: string) => changes.filter((row) => row.PARAMETER === parameter)
  const fees = of('JUG.ilks.duty')
    .map((row) => ({ time: secondOf(row.TIMESTAMP), yearly: Number(row.TO_VALUE) }))
    .sort((a, b) => a.time - b.time)
  const [mat] = of('SPOTTER.ilks.mat')
  const prices = rowsOf(new URL('coingecko_ethusd_price.csv', folder))
    .map((row) => ({ time: secondOf(row.snapped_at), usd: Number(row.price) }))
    .sort((a, b) => a.time - b.time)
  return { entries, mat: wadOf(mat?.TO_VALUE) * 10n ** 9n, fees, prices }
}

/** A yearly fee as the Jug keeps it: a factor a second, ray. */
const perSecondOf = (yearly: number): bigint =>
  RAY + BigInt(Math.round(Math.expm1(Math.log1p(yearly) / SECONDS_A_YEAR) * 1e27))

/** Debt per normalised debt at a second, ray; seconds that only rise. */
export const rateOver = (fees: Ledger['fees']): ((time: number) => bigint) => {
  const [first] = fees
  let rate = RAY
  let at = first?.time ?? 0
  let current = 0
  const dripTo = (time: number): void => {
    const perSecond = perSecondOf(fees[current]?.yearly ?? 0)
    rate = drippedRate(rate, { perSecond, seconds: BigInt(time - at) })
    at = time
  }
  return (time) => {
    for (let next = fees[current + 1]; next && next.time <= time; next = fees[current + 1]) {
      dripTo(next.time)
      current++
    }
    if (time > at) dripTo(time)
    return rate
  }
}

const EMPTY: LedgerVault = { ink: 0n, art: 0n }

const applied = ({ ink, art }: LedgerVault, { kind, eth, dai }: Entry, rate: bigint): LedgerVault => {
  const moved = (dai * RAY) / rate
  if (kind === 'deposit') return { ink: ink + eth, art }
  if (kind === 'mint') return { ink, art: art + moved }
  if (kind === 'withdrawal') return { ink: ink - eth, art }
  return { ink: ink - eth, art: art - moved }
}

/**
 * Plays every entry in order; before each one, `onEntry` sees the ledger as it is.
 * @returns the ledger after the last one
 */
export const replay = (
  { entries, fees }: Ledger,
  onEntry: (entry: Entry, moment: Moment) => void = () => {},
): Moment => {
  const rateAt = rateOver(fees)
  const vaults = new Map<string, LedgerVault>()
  let rate = RAY
  for (const entry of entries) {
    rate = rateAt(entry.time)
    onEntry(entry, { vaults, rate })
    vaults.set(entry.vault, applied(vaults.get(entry.vault) ?? EMPTY, entry, rate))
  }
  return { vaults, rate }
}
