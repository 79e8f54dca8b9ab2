import { encodeFunctionData, type Hex, zeroAddress } from 'viem'
import { dogAbi, jugAbi, spotterAbi } from '../../abis/sky.ts'
import type { Verdict } from './adapter.ts'
import { revertReason } from './revert-reason.ts'
import { partsOf } from './sky-accounts.ts'
import type { SkyMarkets } from './sky-markets.ts'

/** The Dog's refusal of a vault that is safe. Source: makerdao/dss at fa4f6630, src/dog.sol, as all texts here. */
const SAFE = 'Dog/not-unsafe'

/** Where `bark` stops after its health check: no room for another auction, nothing to sell. */
const AFTER_THE_CHECK: readonly string[] = [
  'Dog/liquidation-limit-hit',
  'Dog/dusty-auction-from-partial-liquidation',
  'Dog/null-auction',
  'Dog/overflow',
]

/** The refusals of the auction itself: stopped, no price, … */
const AUCTION = /^(Lockstake)?Clipper\//

/**
 * Asks the Dog to bark, after what anyone may do before: book the fee, and bring the Vat the oracle's price. A bark that
 * succeeds takes the vault, so the safe side has to be asked first.
 */
export const barkVerdict = ({ dog, jug, spotter, ilks }: SkyMarkets, key: string): Verdict => {
  const [name, urn] = partsOf(key)
  const ilk = ilks[name]?.id ?? '0x'
  return {
    to: dog,
    data: encodeFunctionData({ abi: dogAbi, functionName: 'bark', args: [ilk, urn, zeroAddress] }),
    before: [
      { to: jug, data: encodeFunctionData({ abi: jugAbi, functionName: 'drip', args: [ilk] }) },
      { to: spotter, data: encodeFunctionData({ abi: spotterAbi, functionName: 'poke', args: [ilk] }) },
    ],
    isLiquidatable: answersBark,
  }
}

/** null for a refusal that says neither: a shutdown, arithmetic. */
export const answersBark = (answer: { readonly success: boolean; readonly data: Hex }): boolean | null => {
  if (answer.success) return true
  const reason = revertReason(answer.data)
  if (reason === SAFE) return false
  return typeof reason === 'string' && (AFTER_THE_CHECK.includes(reason) || AUCTION.test(reason))
    ? true
    : null
}
