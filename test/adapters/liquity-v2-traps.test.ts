import { getAddress, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { liquityV2 } from '../../src/adapters/liquity-v2.ts'
import type { LiquityV2Account } from '../../src/adapters/liquity-v2-accounts.ts'
import { liquityV2Deployments } from '../../src/adapters/liquity-v2-deployments.ts'
import type { LiquityV2Markets } from '../../src/adapters/liquity-v2-markets.ts'
import { InvalidDataError } from '../../src/core/errors.ts'
import { WAD } from '../../src/core/units.ts'
import { verify } from '../../src/verify.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  accountOf,
  BOLD_BRANCHES,
  type BoldActions,
  type BoldBranch,
  type BoldSystem,
  boldActions,
  deployBold,
  ETH_ANSWER,
  RETH_MARKET,
  RETH_RATE,
  WSTETH_RATE,
} from '../chain/liquity-v2.ts'
import { askLiquidate, BOLD_SOURCE, boldConfig } from '../helpers/liquity-v2.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

let next = 1000n
const HUNDREDTH = 10n ** 16n

describe('traps of Liquity V2, a stand-in', () => {
  let anvil: Anvil
  let system: BoldSystem
  let act: BoldActions

  beforeAll(async () => {
    anvil = await startAnvil()
    system = await deployBold(anvil)
    act = boldActions(anvil, system)
    for (const branch of BOLD_BRANCHES)
      if (branch !== 'capped') {
        await open(branch, 100n, 50_000n)
        await open(branch, 100n, 60_000n)
      }
  })
  afterAll(() => anvil?.stop())

  /** Opens a trove and says its key. */
  const open = async (branch: BoldBranch, coll: bigint, debt: bigint, owner = 1): Promise<string> => {
    const id = next++
    const [rate, manager] = [5n * HUNDREDTH, zeroAddress] as const
    await act.open(branch, {
      owner: accountOf(owner),
      id,
      coll: coll * WAD,
      debt: debt * WAD,
      rate,
      manager,
    })
    return `${BOLD_BRANCHES.indexOf(branch)}:${id}`
  }
  const idOf = (key: string): bigint => BigInt(key.split(':')[1] ?? 0)

  const scanNow = (options: Partial<Parameters<typeof boldConfig>[1]> = {}): Promise<Scanned> =>
    scanAfresh(boldConfig(system, { url: anvil.url, ...options }))

  const rowOf = (scanned: Scanned, key: string) => {
    const row = scanned.book('ETH').rows.find(({ id }) => id === key)
    if (!row) throw new Error(`no row of ${key}`)
    return row
  }
  const marketsOf = ({ markets }: Scanned) => markets as LiquityV2Markets

  test('a zombie is in no sorted list: it is found, and liquidated like any other', async () => {
    const key = await open('WETH', 10n, 9000n)
    await act.redeem('WETH', idOf(key), 8000n * WAD, 3000n * WAD)
    await act.adjust('WETH', idOf(key), { coll: -6n * WAD })
    const scanned = await scanNow()
    expect(scanned.accounts.get(key)).toMatchObject({ zombie: true })
    const { outcome, priceRaw } = rowOf(scanned, key)
    expect(outcome).toBe('below')
    const edge = BigInt(priceRaw ?? 0)
    const ask = (answer: bigint) => ({ key, answers: { [system.aggregators.ETH]: answer } })
    expect(await askLiquidate(anvil, system, [ask(edge), ask(edge + 1n)])).toEqual([true, false])
  })

  test('a trove that was redeemed to nothing is no position, though its branch still lists it', async () => {
    const key = await open('WETH', 10n, 9000n)
    await act.redeem('WETH', idOf(key), 10n ** 30n, 3000n * WAD)
    const scanned = await scanNow()
    expect(scanned.accounts.get(key)).toMatchObject({ zombie: true, recordedDebt: 0n })
    expect(scanned.book('ETH').rows.map(({ id }) => id)).not.toContain(key)
    expect(scanned.coverage.debtCovered).toBe(1)
  })

  test('the same trove id in two branches is two positions', async () => {
    const plan = { owner: accountOf(7), id: 77n, coll: 10n * WAD, debt: 9000n * WAD }
    const rate = 5n * HUNDREDTH
    await act.open('WETH', { ...plan, rate, manager: zeroAddress })
    await act.open('rETH', { ...plan, rate, manager: zeroAddress })
    const scanned = await scanNow()
    const [one, two] = [rowOf(scanned, '0:77'), rowOf(scanned, '2:77')]
    expect([one.owner, two.owner]).toEqual([accountOf(7), accountOf(7)])
    expect(one.price).not.toBe(two.price)
  })

  test('the last trove of a branch keeps its price, flagged: the branch refuses to liquidate it', async () => {
    const key = await open('capped', 1n, 2500n)
    const scanned = await scanNow()
    expect(rowOf(scanned, key).reason).toMatch(/^blocked: the last trove of a branch/)
    const ask = { key, answers: { [system.aggregators.ETH]: 1000_00000000n } }
    expect(await askLiquidate(anvil, system, [ask])).toEqual([null])
    const second = await open('capped', 1n, 2500n)
    expect(rowOf(await scanNow(), key).reason).toBe(null)
    expect(await askLiquidate(anvil, system, [ask, { ...ask, key: second }])).toEqual([true, true])
  })

  test('rETH is priced by the smaller of what it trades for and its rate', async () => {
    const key = await open('rETH', 10n, 15_000n)
    const priceAt = (market: bigint) => (ETH_ANSWER * 10n ** 10n * market) / WAD
    expect(marketsOf(await scanNow()).branches[2]?.source.price).toBe(priceAt(RETH_MARKET))
    await act.setAnswer('rETH', RETH_RATE * 2n)
    const scanned = await scanNow()
    expect(marketsOf(scanned).branches[2]?.source.price).toBe(priceAt(RETH_RATE))
    const response = scanned.stored.drivers[0]?.responses[system.feeds.rETH]
    expect(response).toMatchObject({ method: 'measured', exact: true, exposure: WAD })
    const edge = BigInt(rowOf(scanned, key).priceRaw ?? 0)
    const ask = (answer: bigint) => ({ key, answers: { [system.aggregators.ETH]: answer } })
    expect(await askLiquidate(anvil, system, [ask(edge), ask(edge + 1n)])).toEqual([true, false])
    await act.setAnswer('rETH', RETH_MARKET)
  })

  test('wstETH stands on stETH/USD: it follows ETH where the user says so, and stands still otherwise', async () => {
    const key = await open('wstETH', 10n, 15_000n)
    const still = await scanNow({ feeds: ['ETH'] })
    expect(rowOf(still, key)).toMatchObject({ outcome: 'never', reason: 'no exposure to the driver' })
    const wsteth = marketsOf(still).branches[1]?.collateral.asset ?? zeroAddress
    const config = boldConfig(system, { url: anvil.url, feeds: ['ETH'], assets: { [wsteth]: 1 } })
    const db = memoryDatabase()
    const declared = await scanLocal(config, db)
    const response = declared.stored.drivers[0]?.responses[system.feeds.wstETH]
    expect(response).toMatchObject({ method: 'config', exposure: WAD })
    const { outcome, price } = rowOf(declared, key)
    expect(outcome).toBe('below')
    // 15,000 · 1.2 / 10 = 1,800 USD per wstETH, at 1.190… ETH each
    expect(price).toBeCloseTo(1800 / (Number(WSTETH_RATE) / 1e18), 1)
    // the price is an argument of the contract's word, so that a declared one can be asked for as well
    const verification = await verify({ config, db, book: declared.book('ETH'), sample: null })
    expect(verification.disagreed).toEqual([])
    expect(verification.sampled).toBeGreaterThan(5)
  })

  test('after a failure of ETH/USD the price stands still: the driver takes nothing', async () => {
    const safe = await open('dead', 10n, 20_000n)
    const under = await open('dead', 10n, 28_000n)
    await act.recordPrice('dead')
    await act.setSource('dead', 2)
    await act.shutdown('dead')
    const scanned = await scanNow()
    // by hand, whatever the user knows of the token
    const weth = marketsOf(scanned).branches[3]?.collateral.asset ?? zeroAddress
    const told = await scanNow({ assets: { [weth]: 1 } })
    for (const one of [scanned, told]) {
      expect(rowOf(one, safe)).toMatchObject({ outcome: 'never', reason: 'no exposure to the driver' })
      expect(rowOf(one, under)).toMatchObject({ outcome: 'already', price: null })
    }
    const at = (answer: bigint) => ({ key: safe, answers: { [system.aggregators.ETH]: answer } })
    expect(await askLiquidate(anvil, system, [at(1n), at(10n ** 12n)])).toEqual([false, false])
    expect(scanned.coverage.notes).toContainEqual(
      expect.stringMatching(/WETH branch is shut down since 20.*stays at 3000 USD.*urgent redemptions/),
    )
  })

  test('after the shutdown no interest runs', async () => {
    const before = await scanNow()
    await act.mine(1, 300 * 86_400)
    const after = await scanNow()
    const debts = ({ book }: Scanned) =>
      book('ETH')
        .rows.filter(({ id }) => id.startsWith('3:'))
        .map(({ id, debt }) => [id, debt[0]?.amount])
    expect(debts(before).length).toBeGreaterThan(2)
    expect(debts(after)).toEqual(debts(before))
    expect(after.coverage.debtCovered).toBe(1)
  })

  test('after a failure of rETH/ETH the price follows ETH, but never above the last good one', async () => {
    const key = await open('capped', 10n, 25_000n)
    await act.recordPrice('capped')
    await act.setSource('capped', 1)
    await act.setAnswer('ETH', 2n * ETH_ANSWER)
    const scanned = await scanNow()
    const spot = (ETH_ANSWER * 10n ** 10n * RETH_MARKET) / WAD
    const row = rowOf(scanned, key)
    // ETH has doubled, the collateral has not
    expect(row.collateralUsd).toBeCloseTo(Number(spot * 10n) / 1e18, 0)
    expect(row.outcome).toBe('below')
    const edge = BigInt(row.priceRaw ?? 0)
    expect(edge < ETH_ANSWER).toBe(true)
    const ask = (answer: bigint) => ({ key, answers: { [system.aggregators.ETH]: answer } })
    expect(await askLiquidate(anvil, system, [ask(edge), ask(edge + 1n)])).toEqual([true, false])
    await act.setAnswer('ETH', ETH_ANSWER)
  })

  test('a branch that nobody named is a gap, not a smaller total', async () => {
    const { branches } = system
    const scanned = await scanNow({ listed: [branches.WETH, branches.rETH] })
    expect(scanned.coverage.status).toBe('partial')
    expect(scanned.coverage.error).toMatch(/branch 1 \(TroveManager 0x.*name its AddressesRegistry/)
    const read = new Set(scanned.book('ETH').rows.map(({ id }) => id.split(':')[0]))
    // the order of the list does not matter: the registry's own does
    expect(read).toEqual(new Set(['0', '2']))
  })

  test('a feed that fails at the pinned block is a gap: the next call changes its price', async () => {
    await act.setFailing('rETH', true)
    const { coverage } = await scanNow()
    expect(coverage.error).toMatch(/price feed of the rETH branch fails at this block/)
    await act.setFailing('rETH', false)
  })

  test('the collateral goes for the pool’s penalty, the rest is the owner’s', async () => {
    const [row] = (await scanNow()).book('ETH').rows
    expect(row?.collateral[0]).toMatchObject({ bonus: 0.05 })
  })

  test('a key of a branch that is gone says so', async () => {
    const scanned = await scanNow({ listed: [system.branches.WETH] })
    expect(() => liquityV2.verdict(marketsOf(scanned), '4:1', () => 0n)).toThrow(InvalidDataError)
  })

  test('a fork is three fields of the configuration, and one that is none is refused', () => {
    const [inline] = boldConfig(system, { url: anvil.url }).sources.map(({ inline }) => inline)
    expect(liquityV2.parseDeployment(inline).branches).toHaveLength(5)
    expect(() => liquityV2.parseDeployment({ collateralRegistry: system.registry, fromBlock: 1 })).toThrow()
    expect(BOLD_SOURCE.split('/')[0]).toBe(liquityV2.name)
  })

  test('every published deployment can be read as one, with checksummed addresses', () => {
    for (const deployment of Object.values(liquityV2Deployments)) {
      const { collateralRegistry, branches } = liquityV2.parseDeployment(deployment)
      expect([collateralRegistry, ...branches]).toEqual([
        deployment.collateralRegistry,
        ...deployment.branches,
      ])
      expect(branches.map((one) => getAddress(one))).toEqual(branches)
    }
  })

  test('a feed that gives no price leaves its troves unpriced, and says so', async () => {
    await anvil.rpc('anvil_setCode', [system.feeds.wstETH, '0x60006000fd'])
    const scanned = await scanNow()
    const rows = scanned.book('ETH').rows.filter(({ id }) => id.startsWith('1:'))
    expect(rows.length).toBeGreaterThan(1)
    expect(new Set(rows.map(({ outcome, reason }) => `${outcome}: ${reason}`))).toEqual(
      new Set(['unpriced: the price feed of the wstETH branch gives none']),
    )
    expect(rows[0]?.collateral[0]?.usd).toBe(null)
    expect(scanned.coverage.error).toMatch(/positions cannot be priced/)
    // the other branches go on
    expect(scanned.book('ETH').rows.some(({ outcome }) => outcome === 'below')).toBe(true)
  })

  test('nobody takes a trove that owes nothing', () => {
    const account: LiquityV2Account = {
      branch: null,
      recordedDebt: 0n,
      interestRate: 0n,
      updatedAt: 0n,
      batchShares: 0n,
      redistributedDebt: 0n,
      collateral: 0n,
      batch: null,
      zombie: false,
      owner: null,
    }
    expect(liquityV2.isLiquidatable({} as LiquityV2Markets, account)(() => 1n)).toBe(false)
  })
})
