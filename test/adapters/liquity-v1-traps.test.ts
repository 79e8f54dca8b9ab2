import { encodeFunctionData, parseAbi } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { liquityV1 } from '../../src/adapters/liquity-v1.ts'
import type { LiquityV1Markets } from '../../src/adapters/liquity-v1-markets.ts'
import { ladderOf } from '../../src/core/cascade/ladder.ts'
import { WAD } from '../../src/core/units.ts'
import type { ScanBook } from '../../src/report.ts'
import { cascadePositions, loadRules, simulateScan } from '../../src/simulate.ts'
import type { Db } from '../../src/store/open.ts'
import { verify } from '../../src/verify.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  deployLiquity,
  ETH_ANSWER,
  type LiquityActions,
  type LiquitySystem,
  liquityActions,
  ownerOf,
} from '../chain/liquity-v1.ts'
import { askLiquidate, liquityConfig } from '../helpers/liquity-v1.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const [A, B, C] = [1, 2, 3].map(ownerOf) as [`0x${string}`, `0x${string}`, `0x${string}`]
const plan = (owner: `0x${string}`, coll: bigint, debt: bigint) => ({
  owner,
  coll: coll * WAD,
  debt: debt * WAD,
})

/** The troves of the worked example in liquity-v1-rules.test.ts. */
const EXAMPLE = [plan(A, 10n, 12_000n), plan(B, 100n, 100_000n), plan(C, 100n, 130_000n)]

describe('traps of Liquity V1, a stand-in', () => {
  let anvil: Anvil
  let system: LiquitySystem
  let act: LiquityActions

  beforeEach(async () => {
    anvil = await startAnvil()
    system = await deployLiquity(anvil)
    act = liquityActions(anvil, system)
  })
  afterEach(() => anvil?.stop())

  const config = () => liquityConfig(system, { url: anvil.url })
  const scanNow = (): Promise<Scanned> => scanAfresh(config())
  const marketsOf = ({ markets }: Scanned) => markets as LiquityV1Markets
  const rowOf = ({ book }: Scanned, owner: string) => {
    const row = book('ETH').rows.find(({ id }) => id === owner)
    if (!row) throw new Error(`no row of ${owner}`)
    return row
  }
  const edgesOf = async (scanned: Scanned, owners: readonly string[]) =>
    askLiquidate(
      anvil,
      system,
      owners.flatMap((key) => {
        const edge = BigInt(rowOf(scanned, key).priceRaw ?? 0)
        return [
          { key, answer: edge },
          { key, answer: edge + 1n },
        ]
      }),
    )

  test('recovery mode: the worked example, on the contract', async () => {
    await act.openMany(EXAMPLE)
    await act.deposit(50_000n * WAD)
    const scanned = await scanNow()
    const prices = [A, B, C].map((owner) => rowOf(scanned, owner).priceRaw)
    // the largest answers of 8 digits up to 1,728.571428…, and below 1,100 and 1,430
    expect(prices).toEqual(['172857142857', '109999999999', '142999999999'])
    expect(await edgesOf(scanned, [A, B, C])).toEqual([true, false, true, false, true, false])
    expect(scanned.coverage.notes).toContainEqual(
      expect.stringMatching(
        /at 1728.57 USD the system \(ratio 173.55 %\) enters recovery mode.*Stability Pool \(50000 LUSD\).*110 % of the debt/,
      ),
    )
  })

  test('recovery mode takes 110 % of the debt, the rest is the owner’s: what a cascade may sell', async () => {
    await act.openMany(EXAMPLE)
    await act.deposit(50_000n * WAD)
    const scanned = await scanNow()
    expect(rowOf(scanned, A).collateral[0]).toMatchObject({ bonus: 0.1 })
    await act.setPrice(1700_00000000n)
    await act.liquidate(A)
    // 10 − 13,200 / 1,700
    expect(await surplusOf(A)).toBeCloseTo(10 - 13_200 / 1700, 12)
  })

  const ladders = ({ db, book }: { db: Db; book: ScanBook }) =>
    new Map(
      cascadePositions(book, loadRules(db, book.scan)).map((position) => [position.id, ladderOf(position)]),
    )
  const scanLadders = async () => {
    const db = memoryDatabase()
    const book = (await scanLocal(config(), db)).book('ETH')
    return { db, book, ladder: ladders({ db, book }) }
  }
  const surplusOf = async (owner: `0x${string}`): Promise<number> => {
    const abi = parseAbi(['function surplus(address owner) view returns (uint256)'])
    const data = encodeFunctionData({ abi, functionName: 'surplus', args: [owner] })
    const call = [{ to: system.troveManager, data }, 'latest']
    return Number(BigInt(await anvil.rpc<string>('eth_call', call))) / 1e18
  }

  /*
   * By hand, from TroveManager.sol of Liquity V1 (_liquidateRecoveryMode, _getCappedOffsetVals,
   * _getOffsetAndRedistributionVals), on the worked example:
   *   A falls at 1,728.57142857, at 144 %, above the minimum: 12,000 · 1.1 / 1,728.57142857 = 7.636363… ETH go,
   *     2.363636… stay its owner's
   *   C falls at 1,429.99999999, at 110 % less a digit: 130,000 · 1.1 / 1,429.99999999 would be more than its 100 ETH,
   *     so all of them go; B falls at 1,099.99999999 likewise, with 100 ETH
   *   the debt is gone as a whole each time: the pool burns it, or the other troves owe it
   */
  test('a cascade sells 110 % of the debt in recovery mode, below the minimum everything: the worked example', async () => {
    await act.openMany(EXAMPLE)
    await act.deposit(50_000n * WAD)
    const { db, book, ladder } = await scanLadders()
    const sold = [A, B, C].map((owner) => {
      const { rungs = [], toxic } = ladder.get(owner) ?? {}
      return { toxic, rungs: rungs.map(({ price, unpaidUsd }) => ({ price, unpaidUsd })) }
    })
    expect(sold).toEqual(
      [1728.57142857, 1099.99999999, 1429.99999999].map((price) => ({
        toxic: false,
        rungs: [{ price, unpaidUsd: 0 }],
      })),
    )
    const amounts = [A, B, C].map((owner) => ladder.get(owner)?.rungs[0]?.amount)
    expect(amounts).toEqual([expect.closeTo((12_000 * 1.1) / 1728.57142857, 9), 100, 100])
    expect(amounts[0]).toBeCloseTo(7.636363636, 8)
    const repaid = [A, B, C].map((owner) => ladder.get(owner)?.rungs[0]?.repaidUsd)
    expect(repaid).toEqual([12_000, 100_000, 130_000])
    const { assumptions } = simulateScan(book, loadRules(db, book.scan), {
      pcts: [-15],
      impacts: [{ kind: 'none' }],
      entities: new Map(),
      minUsd: 0,
    })
    expect(assumptions.join()).toContain('rule "Liquity V1: collateral for at most 110 % of the debt"')

    // the contract itself, at those prices
    await act.setPrice(1728_57142857n)
    await act.liquidate(A)
    expect(await surplusOf(A)).toBeCloseTo(10 - (amounts[0] ?? 0), 9)
    await act.setPrice(1429_99999999n)
    await act.liquidate(C)
    expect(await surplusOf(C)).toBe(0)
  })

  test('without a pool the debt goes to the other troves, with all the collateral; the last trove sells nothing', async () => {
    await act.openMany(EXAMPLE)
    const { ladder } = await scanLadders()
    // 1.1 · 12,000 / 10 less a digit: all of its 10 ETH
    expect(ladder.get(A)?.rungs).toEqual([
      { price: 1319.99999999, amount: 10, repaidUsd: 12_000, unpaidUsd: 0 },
    ])
    await act.setPrice(1319_99999999n)
    for (const owner of [C, A]) await act.liquidate(owner)
    expect(await surplusOf(A)).toBe(0)
    expect((await scanLadders()).ladder.size).toBe(0)
  })

  test('a deposit into the Stability Pool moves a price, and no log of a trove says so', async () => {
    await act.openMany(EXAMPLE)
    const db = memoryDatabase()
    const before = await scanLocal(config(), db)
    // 1.1 · 12,000 / 10
    expect(rowOf(before, A).priceRaw).toBe('131999999999')
    await act.deposit(12_000n * WAD)
    const after = await scanLocal(config(), db)
    expect(after.read).toBe(0)
    expect(rowOf(after, A).priceRaw).toBe('172857142857')
    expect(await edgesOf(after, [A])).toEqual([true, false])
  })

  test('in recovery mode a trove is liquidatable at 144 %, and says the price that cures it', async () => {
    await act.openMany(EXAMPLE)
    await act.deposit(50_000n * WAD)
    await act.setPrice(1720_00000000n)
    const db = memoryDatabase()
    const scanned = await scanLocal(config(), db)
    expect(rowOf(scanned, A)).toMatchObject({ outcome: 'already', priceRaw: '172857142857' })
    expect(scanned.coverage.notes).toContainEqual(
      expect.stringMatching(/in recovery mode \(ratio 149.26 %\), up to 1728.57 USD/),
    )
    const verification = await verify({ config: config(), db, book: scanned.book('ETH'), sample: null })
    expect(verification).toMatchObject({ sampled: 3, agreed: 3, disagreed: [] })
  })

  test('the last trove is never liquidated, in neither mode', async () => {
    await act.openMany([plan(A, 10n, 12_000n)])
    await act.deposit(50_000n * WAD)
    const scanned = await scanNow()
    expect(rowOf(scanned, A)).toMatchObject({ outcome: 'never', price: null })
    expect(scanned.coverage.notes).toContainEqual(expect.stringMatching(/the last one is never liquidated/))
    const questions = [1_00000000n, 1000_00000000n].map((answer) => ({ key: A, answer }))
    expect(await askLiquidate(anvil, system, questions)).toEqual([false, false])
    await act.open(plan(B, 100n, 100_000n))
    expect(rowOf(await scanNow(), A).outcome).toBe('below')
  })

  test('redistribution: what one trove could not pay, all others owe', async () => {
    await act.openMany([...EXAMPLE, plan(ownerOf(4), 10n, 18_000n)])
    const before = await scanNow()
    await act.setPrice(1900_00000000n)
    await act.liquidate(ownerOf(4))
    await act.setPrice(ETH_ANSWER)
    const after = await scanNow()
    const debtOf = (scanned: Scanned, owner: string) => Number(rowOf(scanned, owner).debt[0]?.amount) / 1e18
    // by collateral: 10, 100 and 100 of 210 ETH
    expect(debtOf(after, A) - debtOf(before, A)).toBeCloseTo((18_000 * 10) / 210, 6)
    expect(debtOf(after, B) - debtOf(before, B)).toBeCloseTo((18_000 * 100) / 210, 6)
    expect(await edgesOf(after, [A, B, C])).toEqual([true, false, true, false, true, false])
    expect(after.coverage.debtCovered).toBe(1)
  })

  test('a price that halves in one round is taken for a failure: the price stays, and that is a gap', async () => {
    await act.openMany(EXAMPLE)
    const before = await scanNow()
    expect(before.coverage).toMatchObject({ status: 'complete' })
    expect(before.coverage.notes).toContainEqual(
      expect.stringMatching(/more than half.*prices below 1000 USD hold where ETH gets there in steps/),
    )
    await act.jumpTo(900_00000000n)
    // the last good price, though every trove is far below its minimum at 900
    expect(await askLiquidate(anvil, system, [{ key: A }, { key: B }])).toEqual([false, false])
    expect(marketsOf(await scanNow()).price).toBe(2000n * WAD)
    await act.jumpTo(900_00000000n)
    // in the next round the same answer is believed, where nobody has called the feed in between
    expect(await askLiquidate(anvil, system, [{ key: A }, { key: B }])).toEqual([true, true])
    await act.setStatus(2)
    const stuck = await scanNow()
    expect(stuck.coverage.error).toMatch(/does not believe Chainlink.*takes the last good price/)
    expect(rowOf(stuck, A)).toMatchObject({ outcome: 'never', reason: 'no exposure to the driver' })
  })

  test('the collateral is a coin: it goes by the wrapped token that the deployment names', async () => {
    await act.openMany(EXAMPLE)
    const scanned = await scanAfresh(liquityConfig(system, { url: anvil.url, native: ownerOf(99) }))
    expect(rowOf(scanned, A).collateral[0]).toMatchObject({ symbol: 'ETH', asset: ownerOf(99) })
    expect(() => liquityV1.parseDeployment({ fromBlock: 1 })).toThrow()
  })

  test('a feed that gives no price leaves every trove unpriced, and says so', async () => {
    await act.openMany(EXAMPLE)
    await anvil.rpc('anvil_setCode', [system.priceFeed, '0x60006000fd'])
    const scanned = await scanNow()
    expect(rowOf(scanned, A)).toMatchObject({ outcome: 'unpriced', reason: 'the price feed gives none' })
    expect(scanned.coverage.error).toMatch(/3 positions cannot be priced/)
  })

  test('an answer that is neither yes nor no stays one', () => {
    const { isLiquidatable } = liquityV1.verdict({ troveManager: A } as LiquityV1Markets, B, () => 0n)
    expect(isLiquidatable({ success: true, data: '0x' })).toBe(true)
    expect(isLiquidatable({ success: false, data: '0x' })).toBe(null)
    const closed = encodeFunctionData({
      abi: parseAbi(['function Error(string reason)']),
      functionName: 'Error',
      args: ['TroveManager: Trove does not exist or is closed'],
    })
    expect(isLiquidatable({ success: false, data: closed })).toBe(null)
  })
})
