import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DiffDocument } from '../../src/core/diff/document.ts'
import { liqbands, temporaryFolder } from '../helpers/cli.ts'
import { expectPlain, expectRefusal } from '../helpers/refusal.ts'

const fixture = fileURLToPath(new URL('../fixtures/positions/maker-ethb-2023-01-13.csv', import.meta.url))
const cwd = temporaryFolder()

const importAs = async (name: string, db: string, text = readFileSync(fixture, 'utf8')) => {
  writeFileSync(join(cwd, 'positions.csv'), text)
  const run = await liqbands(['import', 'positions.csv', '--name', name, '--db', db], { cwd })
  expect(run).toMatchObject({ code: 0, stderr: '' })
}

const diff = (...args: readonly string[]) => liqbands(['diff', ...args], { cwd })
const ok = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await diff(...args)
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
  return stdout
}

/** The file with one vault that owes twice as much, one that is gone, and one that is new. */
const changed = (): { readonly text: string; readonly more: string; readonly gone: string } => {
  const [header = '', ...rows] = readFileSync(fixture, 'utf8').trimEnd().split('\n')
  const columns = header.split(',')
  const cells = rows.map((row) => row.split(','))
  const at = (name: string): number => columns.indexOf(name)
  const [first = [], second = [], ...rest] = cells
  const more = first.with(at('debt_amount'), String(Number(first[at('debt_amount')]) + 1000))
  const fresh = second.with(at('position_id'), 'new')
  return {
    text: [header, ...[more, fresh, ...rest].map((row) => row.join(','))].join('\n'),
    more: first[at('position_id')] ?? '',
    gone: second[at('position_id')] ?? '',
  }
}

beforeAll(async () => {
  await importAs('maker', 'a.db')
  await importAs('maker', 'a.db')
  await importAs('maker', 'a.db', changed().text)
  await importAs('other', 'a.db')
})

describe('liqbands diff', () => {
  test('two scans of the same: nothing moved', async () => {
    const text = await ok('--db', 'a.db', '--from', '1', '--to', '2')
    expect(text).toMatch(/\n\nNothing moved: 90 positions as before\.\n$/)
    expectPlain(text)
  })

  test('--json: one document whose parts sum to the difference', async () => {
    const { more, gone } = changed()
    const document: DiffDocument = JSON.parse(await ok('--db', 'a.db', '--from', '2', '--to', '3', '--json'))
    expect(Object.keys(document)).toEqual([
      'schemaVersion',
      'generator',
      'driver',
      'from',
      'to',
      'sources',
      'owners',
      'total',
      'outcomes',
      'movers',
      'moversTotal',
      'bands',
      'assumptions',
    ])
    expect(document).toMatchObject({
      schemaVersion: 1,
      driver: 'ETH',
      from: { id: 2, spotUsd: document.to.spotUsd },
      to: { id: 3 },
      sources: { compared: ['import/ethereum/maker'], leftOut: [] },
      moversTotal: 3,
    })
    expect(document.movers.map(({ id, causes }) => [id, causes]).toSorted()).toEqual(
      [
        [gone, ['left']],
        [more, ['borrowed']],
        ['new', ['arrived']],
      ].toSorted(),
    )
    const { before, after, parts } = document.total
    const cents = (usd: number) => Math.round(usd * 100)
    for (const field of ['collateralUsd', 'debtUsd'] as const)
      expect(parts.reduce((sum, part) => sum + cents(part[field]), cents(before[field]))).toBe(
        cents(after[field]),
      )
    expect(document.total.parts.find(({ part }) => part === 'borrowed')?.debtUsd).toBe(1000)
  })

  test('--limit cuts the movers and says so, in the text and in the document', async () => {
    const args = ['--db', 'a.db', '--from', '2', '--to', '3', '--limit', '1']
    const text = await ok(...args)
    expect(text).toMatch(/\n1 of 3 positions: raise --limit for the rest\n/)
    expectPlain(text)
    expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([])
    const document: DiffDocument = JSON.parse(await ok(...args, '--json'))
    expect(document).toMatchObject({ movers: [{}], moversTotal: 3 })
  })

  test('a locale without unicode gets ASCII alone', async () => {
    const run = await liqbands(['diff', '--db', 'a.db', '--from', '2', '--to', '3'], {
      cwd,
      env: { LC_ALL: 'C' },
    })
    expect(run.code).toBe(0)
    expect(run.stdout.replace(/[ -~\n]/g, '')).toBe('')
  })

  test.each([
    ['--from 2 --to 2', /--from and --to are both scan 2: name two scans/],
    ['--from 9 --to 2', /there is no scan 9; the newest are 4, 3, 2, 1/],
    ['--to 1', /there is no scan before 1 to compare it with/],
    ['--from one', /--from.*'one'.*the number of a scan, or latest/s],
    ['--from 1 --to 2 --driver DOGE', /no driver DOGE; it has ETH/],
    ['--limit 0', /--limit.*'0'.*whole number from 1/s],
    ['', /scans 3 and 4 have no source in common: import\/ethereum\/maker not in scan 4; /],
  ])('diff %s is refused', async (line, says) => {
    expectRefusal(await diff('--db', 'a.db', ...line.split(' ').filter(Boolean)), 1, says)
  })

  test('with no scan at all, and with one', async () => {
    expectRefusal(await diff('--db', 'none.db'), 1, /none\.db/)
    await importAs('maker', 'one.db')
    expectRefusal(
      await diff('--db', 'one.db'),
      1,
      /there is no scan before 1 to compare it with: scan again later/,
    )
  })
})
