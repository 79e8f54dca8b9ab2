import { z } from 'zod'
import { address } from './fields.ts'
import { CLOSED, type LiquityV2Account } from './liquity-v2-accounts.ts'
import type { LiquityV2Markets } from './liquity-v2-markets.ts'
import { amount, counted, type SubgraphReader } from './subgraph-reader.ts'

const trove = z.object({
  troveId: z.string().regex(/^(0x[0-9a-f]+|\d+)$/i, 'not a trove id'),
  borrower: address,
  status: z.enum(['active', 'redeemed']),
  debt: amount,
  deposit: amount,
  interestRate: amount,
  updatedAt: amount,
  interestBatch: z.object({ annualInterestRate: amount, annualManagementFee: amount }).nullish(),
  collateral: z.object({
    collIndex: z.number().int(),
    addresses: z.object({ troveManager: address }),
  }),
})

type Row = z.infer<typeof trove>

const keyOf = ({ collateral, troveId }: Row): string => `${collateral.collIndex}:${BigInt(troveId)}`

/** A redemption that leaves less makes a trove a zombie. Source: liquity/bold@405f9122, Constants.sol (MIN_DEBT). */
const MIN_DEBT = 2000n * 10n ** 18n

const troveOf = (row: Row): LiquityV2Account => {
  const { collateral, debt, deposit, interestRate, updatedAt, interestBatch, status, borrower } = row
  return {
    branch: String(collateral.collIndex),
    recordedDebt: debt,
    // a trove of a batch as one of its own, at what its batch pays now: its share of the batch is not told
    interestRate: interestBatch
      ? interestBatch.annualInterestRate + interestBatch.annualManagementFee
      : interestRate,
    updatedAt,
    batchShares: 0n,
    redistributedDebt: 0n,
    collateral: deposit,
    batch: null,
    zombie: status === 'redeemed' && debt < MIN_DEBT,
    owner: borrower,
  }
}

/**
 * Liquity's own schema for V2. A trove with a rate of its own is as the branch has it on record, so that its interest
 * is exact; what the schema lacks is the share that a trove has of its batch, and what was redistributed to a trove
 * since its last event, which the branch's own sum shows. Source: liquity/bold@405f9122, subgraph/schema.graphql (Trove,
 * InterestBatch), subgraph/src/TroveManager.mapping.ts, TroveNFT.mapping.ts (borrower).
 */
export const liquityV2Reader: SubgraphReader = {
  entity: 'troves',
  fields: [
    'troveId borrower status debt deposit interestRate updatedAt',
    'interestBatch { annualInterestRate annualManagementFee }',
    'collateral { collIndex addresses { troveManager } }',
  ].join(' '),
  wheres: () => ['status_not_in: [closed, liquidated]'],
  read: (raw, given) => {
    const { branches } = given as LiquityV2Markets
    const rows = raw
      .map((row) => trove.parse(row))
      .filter(({ collateral }) => {
        const { troveManager } = branches[collateral.collIndex] ?? {}
        return troveManager === collateral.addresses.troveManager
      })
    const batched = rows.filter(({ interestBatch }) => interestBatch)
    return {
      states: new Map(rows.map((row) => [keyOf(row), troveOf(row)] as const)),
      approximate:
        batched.length > 0
          ? [
              `${counted(batched.length, 'trove', 'troves')} in batches, with interest since the last event at the batch's rate of now`,
            ]
          : [],
      inexactDebts: new Set(batched.map(keyOf)),
    }
  },
  closed: CLOSED,
}
