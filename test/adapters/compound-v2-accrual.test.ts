import { expect, test } from 'vitest'
import { accrueMarkets } from '../../src/adapters/compound-v2-accrual.ts'
import type { Reader } from '../../src/sources/batch.ts'

const STORED = { borrowIndex: 10n, totalBorrows: 100n, exchangeRate: 1n, marker: 5n }
const BOOKED = { borrowIndex: 11n, totalBorrows: 110n, exchangeRate: 2n, marker: 9n }

type Answers = { readonly code: bigint | null; readonly index: typeof STORED }

/** A chain whose requests are cut in the middle of a market's calls, the first time that they are made together. */
const readerOf = (answers: (address: string, round: number) => Answers): Reader => {
  const rounds = new Map<string, number>()
  const ask = async ({ address, functionName }: { address: string; functionName: string }) => {
    const first = functionName === 'accrueInterest'
    const round = (rounds.get(address) ?? -1) + (first ? 1 : 0)
    rounds.set(address, round)
    const { code, index } = answers(address, round)
    const { borrowIndex, totalBorrows, exchangeRate, marker } = index
    return {
      accrueInterest: code,
      ...{ borrowIndex, totalBorrows },
      exchangeRateStored: exchangeRate,
      accrualBlockNumber: marker,
    }[functionName]
  }
  return { read: ask, tryRead: ask } as unknown as Reader
}

const market = (cToken: `0x${string}`) => ({ cToken, ...STORED })
const { marker: _, ...booked } = BOOKED
const { marker: __, ...stored } = STORED

test('a request that was cut between booking and reading is made again, market by market', async () => {
  const reader = readerOf((address, round) => ({
    code: 0n,
    index: address === '0x02' && round === 0 ? STORED : BOOKED,
  }))
  const indices = await accrueMarkets(reader, [market('0x01'), market('0x02'), market('0x03')], 'compound')
  expect(indices).toEqual([1, 2, 3].map(() => ({ ...booked, stuck: false })))
})

test('interest that is booked already is no reason to doubt', async () => {
  const reader = readerOf(() => ({ code: 0n, index: STORED }))
  expect(await accrueMarkets(reader, [market('0x01')], 'compound')).toEqual([{ ...stored, stuck: false }])
})

test.each([
  ['reverts', null],
  ['answers an error code', 9n],
] as const)('a market whose accrueInterest %s keeps what is stored, and says so', async (_what, code) => {
  const reader = readerOf(() => ({ code, index: STORED }))
  expect(await accrueMarkets(reader, [market('0x01')], 'compound')).toEqual([{ ...stored, stuck: true }])
})
