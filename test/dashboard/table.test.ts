import { describe, expect, test } from 'vitest'
import { visibleWidth } from '../../src/dashboard/ink.ts'
import { type Column, table } from '../../src/dashboard/table.ts'

type Row = { readonly owner: string; readonly entity: string; readonly usd: string }

const rows: readonly Row[] = [
  { owner: '0xFAf1358Fe6A9FA29A169dfC272B14E709F54840F', entity: 'Trend Research', usd: '$313.7M' },
  { owner: 'vault 31975', entity: '鯨', usd: '$9' },
]

const columns: readonly Column<Row>[] = [
  { header: 'owner', value: ({ owner }) => owner, compact: ({ owner }) => owner.slice(0, 6) },
  { header: 'entity', value: ({ entity }) => entity, optional: 1 },
  { header: 'USD', value: ({ usd }) => usd, align: 'right' },
]

describe('table', () => {
  test('default', () => {
    expect(table(rows, columns, { width: Number.POSITIVE_INFINITY })).toEqual([
      'owner                                       entity              USD',
      '0xFAf1358Fe6A9FA29A169dfC272B14E709F54840F  Trend Research  $313.7M',
      'vault 31975                                 鯨                   $9',
    ])
  })

  test('behavior: compact writing first, then optional columns go, then words are cut, numbers never', () => {
    expect(table(rows, columns, { width: 40 })[1]).toBe('0xFAf1  Trend Research  $313.7M')
    expect(table(rows, columns, { width: 20 })).toEqual([
      'owner       USD',
      '0xFAf1  $313.7M',
      'vault        $9',
    ])
    expect(table(rows, columns, { width: 13 })[1]).toBe('0xF…  $313.7M')
  })

  test.each([1, 2, 5, 8, 13, 20, 33, 40, 60])('behavior: fits %i columns', (width) => {
    for (const line of table(rows, columns, { width, color: true })) {
      expect(visibleWidth(line)).toBeLessThanOrEqual(width)
    }
  })

  test('behavior: a wide character takes two columns', () => {
    const [header, , whale] = table(rows, columns, { width: 80 })
    expect(visibleWidth(whale ?? '')).toBe(visibleWidth(header ?? ''))
  })

  test('behavior: no rows leave the header', () => {
    expect(table([], columns, { width: 80 })).toEqual(['owner  entity  USD'])
  })

  test('behavior: the cut is marked in ASCII where unicode is not wanted', () => {
    expect(table(rows, columns, { width: 13, unicode: false })[1]).toBe('0x..  $313.7M')
  })
})
