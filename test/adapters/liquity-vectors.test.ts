import { readFileSync } from 'node:fs'
import { decodeFunctionResult, type Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { troveManagerV2Abi as abi } from '../../abis/liquity-v2.ts'
import { isTaken } from '../../src/adapters/liquity-v1-rules.ts'
import { entireDebt, isBelow } from '../../src/adapters/liquity-v2-rules.ts'
import { WAD } from '../../src/core/units.ts'

const integer = z.string().transform((text) => BigInt(text))
const hex = z.string().transform((text) => text as Hex)

const vectors = z
  .object({
    v1: z.object({
      system: z.object({
        collateral: integer,
        debt: integer,
        troves: integer,
        minimumRatio: integer,
        criticalRatio: integer,
        pool: integer,
      }),
      troves: z.array(z.object({ collateral: integer, debt: integer, edge: integer })).length(7),
    }),
    v2: z.object({
      timestamp: integer,
      minimumRatio: integer,
      ethPerToken: integer,
      troves: z
        .array(z.object({ batch: hex.nullable(), trove: hex, latest: hex, edge: integer.nullable() }))
        .length(3),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/liquity.json', import.meta.url), 'utf8')))

describe('recorded answers of liquity/dev and liquity/bold, compiled from their sources', () => {
  test.each(vectors.v1.troves)('V1: liquidate takes a trove at $edge and refuses at the next', (trove) => {
    const at = (answer: bigint) => isTaken(trove, vectors.v1.system, answer * 10n ** 10n)
    expect([at(trove.edge), at(trove.edge + 1n)]).toEqual([true, false])
  })

  test('V1: three of them go by recovery mode, far above their own minimum', () => {
    const { system, troves } = vectors.v1
    const early = troves.filter(({ collateral, debt, edge }) => {
      const own = (system.minimumRatio * debt) / collateral / 10n ** 10n
      return edge > own + own / 50n
    })
    expect(early.map(({ edge }) => edge)).toEqual([158605649721n, 158605649721n, 158605649721n])
  })

  test.each(vectors.v2.troves)('V2: debt, to the wei, and edge $edge', ({ batch, trove, latest, edge }) => {
    const { timestamp, minimumRatio, ethPerToken } = vectors.v2
    const [debt, , , , , updatedAt, , interestRate, , batchShares] = decodeFunctionResult({
      abi,
      functionName: 'Troves',
      data: trove,
    })
    const told = decodeFunctionResult({ abi, functionName: 'getLatestTroveData', data: latest })
    const shared = batch && decodeFunctionResult({ abi, functionName: 'getLatestBatchData', data: batch })
    const owed = {
      recordedDebt: debt,
      interestRate,
      updatedAt,
      batchShares,
      redistributedDebt: told.redistBoldDebtGain,
    }
    const ofBatch = shared && {
      recordedDebt: shared.recordedDebt,
      interestRate: shared.annualInterestRate,
      managementFee: shared.annualManagementFee,
      updatedAt: shared.lastDebtUpdateTime,
      totalShares: shared.totalDebtShares,
    }
    expect(entireDebt(owed, ofBatch, { timestamp, shutdownTime: 0n })).toBe(told.entireDebt)
    const at = (answer: bigint) =>
      isBelow(
        { collateral: told.entireColl, debt: told.entireDebt },
        (answer * 10n ** 10n * ethPerToken) / WAD,
        minimumRatio,
      )
    if (edge !== null) expect([at(edge), at(edge + 1n)]).toEqual([true, false])
    else expect(told.entireDebt).toBe(0n)
  })

  test('V2: one trove with its own rate and one of a batch have redistributed debt', () => {
    const gains = vectors.v2.troves.map(({ latest, batch }) => ({
      batch: batch !== null,
      gained:
        decodeFunctionResult({ abi, functionName: 'getLatestTroveData', data: latest }).redistBoldDebtGain >
        0n,
    }))
    expect(gains.slice(0, 2)).toEqual([
      { batch: false, gained: true },
      { batch: true, gained: true },
    ])
  })
})
