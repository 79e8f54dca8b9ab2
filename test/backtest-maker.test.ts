import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Bite, backtest, wholeBites } from '../scripts/backtest-maker.ts'
import { type Ledger, rateOver, readLedger, replay } from '../scripts/maker-ledger.ts'
import { toNumber } from '../src/core/units.ts'

/** Source and licence: test/fixtures/maker-ethb/README.md. The two derived files come from another program. */
const folder = new URL('fixtures/maker-ethb/', import.meta.url)
const derived = <T>(name: string, schema: z.ZodType<T>): T =>
  schema.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))

const number = z.string().transform(Number)

describe('the recorded ledger of Maker ETH-B, replayed', () => {
  let ledger: Ledger
  let bites: readonly Bite[]

  beforeAll(() => {
    ledger = readLedger(folder)
    bites = wholeBites(ledger)
  })

  test('58 of 59 predicted liquidation prices lie within what ETH may have done on the day of the liquidation', () => {
    expect(bites.length).toBe(59)
    expect(bites.filter(({ within }) => !within).map(({ vault }) => vault)).toEqual(['20102'])
  })

  test('every debt is within 0.1 % of the tab that the liquidation took, half of them within 0.001 %', () => {
    const off = bites.map(({ debt, tab }) => Math.abs(debt / tab - 1)).sort((a, b) => a - b)
    expect(off.at(-1)).toBeLessThan(0.001)
    expect(off[29]).toBeLessThan(0.00001)
  })

  test('they are the liquidations, prices and debts that another program found', () => {
    const { rows } = derived(
      'whole_vault_liquidations.json',
      z.object({
        rows: z.array(
          z.object({ block: z.number(), vault: z.string(), liqPriceUsd: number, rebuiltDebtDai: number }),
        ),
      }),
    )
    const idOf = ({ block, vault }: { readonly block: number; readonly vault: string }) => `${block} ${vault}`
    expect(bites.map(idOf).toSorted()).toEqual(rows.map(idOf).toSorted())
    const theirs = new Map(rows.map((row) => [idOf(row), row]))
    for (const bite of bites) {
      const row = theirs.get(idOf(bite))
      // they take the day of a row to be as long as the ledger says, in decimals: eight digits agree
      expect(bite.predicted / (row?.liqPriceUsd ?? 0)).toBeCloseTo(1, 7)
      expect(bite.debt / (row?.rebuiltDebtDai ?? 0)).toBeCloseTo(1, 7)
    }
  })

  test('what is left at the end are the 90 open vaults and their sums', () => {
    const { vaults, rate } = replay(ledger)
    const open = derived(
      'open_vaults_2023-01-13.json',
      z.object({
        rate: number,
        totals: z.object({ inkEth: number, debtDai: number }),
        vaults: z.array(z.object({ vault: z.string(), inkEth: number, debtDai: number })),
      }),
    )
    expect(toNumber(rate, 27) / open.rate).toBeCloseTo(1, 8)
    const mine = [...vaults]
      .map(([vault, { ink, art }]) => ({
        vault,
        eth: toNumber(ink, 18),
        dai: toNumber((art * rate) / 10n ** 27n, 18),
      }))
      .filter(({ eth, dai }) => eth > 0.01 && dai > 500)
    expect(mine.map(({ vault }) => vault).toSorted()).toEqual(
      open.vaults.map(({ vault }) => vault).toSorted(),
    )
    const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)
    expect(sum(mine.map(({ eth }) => eth)) / open.totals.inkEth).toBeCloseTo(1, 8)
    expect(sum(mine.map(({ dai }) => dai)) / open.totals.debtDai).toBeCloseTo(1, 8)
  })

  test('no vault ends with less than nothing: fees are in the debt', () => {
    const { vaults, rate } = replay(ledger)
    const debts = [...vaults.values()].map(({ art }) => toNumber((art * rate) / 10n ** 27n, 18))
    expect(debts.length).toBeGreaterThan(1000)
    expect(debts.filter((debt) => debt < -50)).toEqual([])
    // 6 % a year from 2020-10-19 14:00:52 to 2020-11-12 14:00:10, 24 days but for 42 seconds: 1.06^(2073558/31536000)
    const [first, second] = ledger.fees
    expect([first?.yearly, second?.yearly]).toEqual([0.06, 0.04])
    const rateThen = rateOver(ledger.fees)(second?.time ?? 0)
    expect(toNumber(rateThen, 27)).toBeCloseTo(1.06 ** (2_073_558 / 31_536_000), 12)
  })

  test('the printed table has a line for each, none wider than a terminal', () => {
    const lines = backtest(folder)
    expect(lines.filter((line) => /^20\d\d-/.test(line)).length).toBe(59)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines).toContain('58 between 0.85 times the lower and 1.1 times the higher one')
    // the README shows a part of it
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const shown = /```\n(Maker ETH-B: [\s\S]*?)\n```/.exec(readme)?.[1]?.split('\n') ?? []
    expect(shown.length).toBeGreaterThan(8)
    expect(shown.filter((line) => line !== '…' && !lines.includes(line))).toEqual([])
  })
})
