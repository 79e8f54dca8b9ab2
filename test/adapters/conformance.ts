import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { adapters } from '../../src/adapters/index.ts'
import type { Config } from '../../src/config.ts'
import type { Outcome, Position } from '../../src/core/position.ts'
import { WAD } from '../../src/core/units.ts'
import { compareTotals } from '../../src/engine/completeness.ts'
import { buildReport } from '../../src/report.ts'
import type { Db } from '../../src/store/open.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import { verify } from '../../src/verify.ts'
import { memoryDatabase, type Scanned, scanLocal } from '../helpers/scanning.ts'

/** A local market full of positions, and its contracts' own word on them; by other means than the adapter's. */
export type Populated = {
  readonly config: Config
  /** Keys of all accounts that owe something. */
  readonly debtors: readonly string[]
  /** The protocol's own word at the newest block: would it let anyone liquidate them? */
  readonly liquidatable: (keys: readonly string[]) => Promise<readonly boolean[]>
  /** The same with the driver's feed at an answer; null where the contract refuses to say. */
  readonly liquidatableAt: (
    driver: string,
    questions: readonly { readonly key: string; readonly answer: bigint }[],
  ) => Promise<readonly (boolean | null)[]>
  /** What the adapter calls health factor, as the protocol itself computes it, WAD; for those that have one. */
  readonly health?: (keys: readonly string[]) => Promise<readonly bigint[]>
  /** What such a market can hold; every outcome of a hard liquidation unless told. */
  readonly outcomes?: readonly Outcome[]
  /** Puts the answer on the driver's feed by a real transaction, in a block as old as the last one: no interest. */
  readonly setPrice: (driver: string, answer: bigint) => Promise<void>
  readonly drivers: readonly string[]
  readonly stop: () => Promise<void>
}

/** The health factor of an account that owes nothing. */
const MOST = 2n ** 256n - 1n

const HARD: readonly Outcome[] = ['below', 'above', 'already', 'never', 'insolvent']

/** What every adapter must hold, on a populated market of real contracts. */
export const conformance = (adapter: AnyAdapter, name: string, populate: () => Promise<Populated>): void => {
  describe(`${adapter.name} conforms: ${name}`, () => {
    let market: Populated
    let db: Db
    let scanned: Scanned
    let positions: readonly Position[]

    beforeAll(async () => {
      market = await populate()
      db = memoryDatabase()
      scanned = await scanLocal(market.config, db)
      positions = [...scanned.accounts]
        .filter(([, account]) => adapter.hasDebt(account))
        .map(([key, account]) => adapter.position(scanned.markets, key, account))
    })
    afterAll(() => market?.stop())

    const pricedRows = (driver: string): readonly (PositionRow & { readonly priceRaw: string })[] =>
      scanned
        .book(driver)
        .rows.flatMap((row) => (row.priceRaw === null ? [] : [{ ...row, priceRaw: row.priceRaw }]))

    /** The two answers of a row: the last one that liquidates, and one unit further, which does not. */
    const bothSides = (row: PositionRow & { readonly priceRaw: string }, spot: bigint) => {
      const edge = BigInt(row.priceRaw)
      const falls = row.outcome === 'below' || (row.outcome === 'already' && edge >= spot)
      return { edge, beyond: falls ? edge + 1n : edge - 1n }
    }

    test('it is registered, once', () => {
      expect(adapters.filter(({ name }) => name === adapter.name)).toEqual([adapter])
    })

    test('it finds exactly the accounts that owe, each once', () => {
      expect(positions.map(({ id }) => id).toSorted()).toEqual([...market.debtors].toSorted())
      for (const driver of market.drivers) {
        const ids = scanned.book(driver).rows.map(({ id }) => id)
        expect(ids.length).toBe(market.debtors.length)
        expect(new Set(ids).size).toBe(ids.length)
      }
    })

    test('the market holds what there is to get wrong: every outcome of a hard liquidation', () => {
      const outcomes = market.drivers.flatMap((driver) => scanned.book(driver).rows.map((row) => row.outcome))
      const { outcomes: possible = HARD } = market
      expect(new Set(outcomes)).toEqual(new Set(possible))
    })

    test('every open position is in exactly one of the report’s totals, a range as a range and never as a point', () => {
      for (const driver of market.drivers) {
        const book = scanned.book(driver)
        const { totals, bands } = buildReport(book, { entities: new Map(), minUsd: 0, levels: [] })
        const counted = Object.values(totals).reduce((sum, { positions }) => sum + positions, 0)
        expect(counted).toBe(market.debtors.length)
        const ranges = book.rows.filter(({ outcome }) => outcome === 'range')
        expect(totals.range.positions).toBe(ranges.length)
        expect(
          ranges.filter(({ price, low, high }) => price !== null || !((low ?? 0) < (high ?? 0))),
        ).toEqual([])
        const inBands = new Set(bands.flatMap(({ topPositions }) => topPositions.map(({ id }) => id)))
        expect(ranges.filter(({ id }) => inBands.has(id))).toEqual([])
      }
    })

    test('amounts are positive, thresholds in (0, 1], exposures in [0, 1]', () => {
      const legs = positions.flatMap(({ collateral, debt }) => [...collateral, ...debt])
      expect(legs.filter(({ amount }) => amount <= 0n)).toEqual([])
      expect(legs.filter(({ threshold }) => threshold <= 0n || threshold > WAD)).toEqual([])
      expect(positions.flatMap(({ debt }) => debt).filter(({ threshold }) => threshold !== WAD)).toEqual([])
      expect(positions.filter(({ debt }) => debt.length === 0)).toEqual([])
      const exposures = scanned.stored.drivers.flatMap(({ responses }) => Object.values(responses))
      expect(exposures.filter(({ exposure }) => exposure < 0n || exposure > WAD)).toEqual([])
    })

    test('the debt found is the protocol’s own total, token by token', () => {
      const { totals, gaps, covered } = compareTotals(adapter, scanned.markets, scanned.accounts)
      expect(gaps).toEqual([])
      expect(covered).toBe(1)
      expect(totals.length).toBeGreaterThan(0)
      const tolerated = new Map(
        adapter.totals(scanned.markets).map(({ asset, tolerance = 0n }) => [asset, tolerance]),
      )
      const apart = totals.filter(({ asset, accounts, protocol }) => {
        const difference = accounts > protocol ? accounts - protocol : protocol - accounts
        return difference > (tolerated.get(asset) ?? 0n)
      })
      expect(apart).toEqual([])
      expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1, unpriced: 0, error: null })
    })

    test('every health factor is the protocol’s own, to the integer, and so is every verdict', async () => {
      const keys = positions.map(({ id }) => id)
      const own = await market.health?.(keys)
      const wrong = own ? positions.filter(({ healthFactor }, i) => (healthFactor ?? MOST) !== own[i]) : []
      expect(wrong.map(({ id, healthFactor }) => [id, healthFactor])).toEqual([])
      const verdicts = await market.liquidatable(keys)
      expect(positions.filter(({ liquidatable }, i) => liquidatable !== verdicts[i])).toEqual([])
    })

    test('every priced position is liquidatable at its price and safe one unit before it', async () => {
      for (const driver of market.drivers) {
        const { spot } = scanned.book(driver).driver
        const rows = pricedRows(driver)
        expect(rows.length).toBeGreaterThan(50)
        const questions = rows.flatMap((row) => {
          const { edge, beyond } = bothSides(row, spot)
          return [
            { key: row.id, answer: edge },
            { key: row.id, answer: beyond },
          ]
        })
        const answers = await market.liquidatableAt(driver, questions)
        const wrong = questions.filter((_, i) => answers[i] !== (i % 2 === 0))
        expect(wrong).toEqual([])
      }
    })

    test('a position without a price is never liquidatable by the driver, nor one that is liquidatable free of it', async () => {
      for (const driver of market.drivers) {
        const { spot } = scanned.book(driver).driver
        const rows = scanned.book(driver).rows.filter(({ outcome }) => outcome === 'never')
        if ((market.outcomes ?? HARD).includes('never')) expect(rows.length).toBeGreaterThan(10)
        const factors = [1n, 20n, 60n, 95n, 105n, 200n, 2000n, 1_000_000n]
        const questions = rows.flatMap(({ id }) =>
          factors.map((factor) => ({ key: id, answer: (spot * factor) / 100n })),
        )
        const answers = await market.liquidatableAt(driver, questions)
        expect(questions.filter((_, i) => answers[i] !== false)).toEqual([])
      }
    })

    test('the same holds after real price transactions', async () => {
      for (const driver of market.drivers) {
        const { spot } = scanned.book(driver).driver
        const rows = pricedRows(driver)
        const chosen = Array.from({ length: 6 }, (_, i) => rows[Math.floor((i * rows.length) / 6)])
        for (const row of chosen) {
          if (!row) continue
          const { edge, beyond } = bothSides(row, spot)
          await market.setPrice(driver, beyond)
          const [before] = await market.liquidatable([row.id])
          await market.setPrice(driver, edge)
          const [after] = await market.liquidatable([row.id])
          expect([row.id, before, after]).toEqual([row.id, false, true])
        }
        await market.setPrice(driver, spot)
      }
    })

    test('verify, asking about all of them, finds no disagreement', async () => {
      for (const driver of market.drivers) {
        const book = scanned.book(driver)
        const verification = await verify({ config: market.config, db, book, sample: null })
        expect(verification.disagreed).toEqual([])
        expect(verification.sampled).toBe(pricedRows(driver).length)
        expect(verification.agreed).toBe(verification.sampled)
        const skipped = verification.skipped.reduce((sum, { count }) => sum + count, 0)
        expect(verification.sampled + skipped).toBe(book.rows.length)
      }
    })
  })
}
