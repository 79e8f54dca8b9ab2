import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { rangedAbove } from './dashboard/ranged-above.ts'
import { aboveOnly, empty, ranged, rangedOnly, rich, withFailure } from './dashboard/reports.ts'
import { reportJsonSchema, reportSchema } from './helpers/report-schema.ts'

const file = new URL('../data/report.schema.json', import.meta.url)
const reports = { rich, ranged, rangedOnly, rangedAbove, empty, withFailure, aboveOnly }
const names = Object.keys(reports) as (keyof typeof reports)[]

if (process.env.UPDATE_SCHEMA) writeFileSync(file, reportJsonSchema())

const published = z.fromJSONSchema(JSON.parse(readFileSync(file, 'utf8')))
const schemas = { 'the zod schema': reportSchema, 'the published file': published }

test('data/report.schema.json is the one generated from the types', () => {
  expect(
    readFileSync(file, 'utf8'),
    'the Report has changed: run UPDATE_SCHEMA=1 npx vitest run test/report-schema.test.ts and review the diff',
  ).toBe(reportJsonSchema())
})

describe.each(Object.entries(schemas))('%s', (_, schema) => {
  const accepts = (report: unknown): boolean => schema.safeParse(JSON.parse(JSON.stringify(report))).success

  test.each(names)('accepts the report: %s', (name) => {
    expect(schema.safeParse(JSON.parse(JSON.stringify(reports[name]))).error).toBeUndefined()
  })

  test.each(Object.keys(rich))('refuses a report without %s', (key) => {
    expect(accepts({ ...rich, [key]: undefined })).toBe(false)
  })

  test.each([
    ['a key it does not know', { ...rich, extra: 1 }],
    ['a band with a key it does not know', { ...rich, bands: [{ ...rich.bands[0], extra: 1 }] }],
    ['another version', { ...rich, schemaVersion: 2 }],
    ['an amount that JSON turned into null', { ...rich, driver: { symbol: 'ETH', spotUsd: Number.NaN } }],
    ['an amount written as text', { ...rich, driver: { symbol: 'ETH', spotUsd: '2151' } }],
    ['a share in percent', { ...rich, whales: rich.whales.map((whale) => ({ ...whale, share: 4.2 })) }],
    ['a time without a zone', { ...rich, scan: { ...rich.scan, startedAt: '2026-02-02T09:31:02' } }],
    [
      'a shortened block hash',
      { ...rich, blocks: rich.blocks.map((block) => ({ ...block, hash: '0x3f9a' })) },
    ],
    ['a kind it does not know', { ...rich, bands: rich.bands.map((band) => ({ ...band, kind: 'wall' })) }],
    ['a missing outcome', { ...rich, totals: { ...rich.totals, unpriced: undefined } }],
  ])('refuses %s', (_name, report) => {
    expect(accepts(report)).toBe(false)
  })
})
