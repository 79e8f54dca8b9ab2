import { type Address, pad, toFunctionSelector, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sky } from '../../src/adapters/sky.ts'
import { type SkyAccount, urnOfVault } from '../../src/adapters/sky-accounts.ts'
import type { SkyMarkets } from '../../src/adapters/sky-markets.ts'
import { vaultNote } from '../../src/adapters/sky-notes.ts'
import { answersBark } from '../../src/adapters/sky-verdict.ts'
import { verify } from '../../src/verify.ts'
import { mine } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type DssMarket, deployDss, GEMS, type IlkName, word } from '../chain/sky.ts'
import { inkFor, type OpenedVault, openVaults, planVaults } from '../chain/sky-positions.ts'
import { refuseOverrides, startGateway } from '../helpers/gateway.ts'
import { placeMulticall3 } from '../helpers/multicall3.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'
import { askDog, skyConfig } from '../helpers/sky.ts'
import { skyActions } from '../helpers/sky-acts.ts'
import { PIP, pureSky, pureVault } from '../helpers/sky-pure.ts'

const WAD = 10n ** 18n
const RAY = 10n ** 27n
const RAD = 10n ** 45n

describe('traps of Maker, a stand-in', () => {
  let anvil: Anvil
  let market: DssMarket
  let act: ReturnType<typeof skyActions>

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployDss(anvil)
    act = skyActions(anvil, market)
    await placeMulticall3(anvil, market)
  })
  afterAll(() => anvil?.stop())

  const scanNow = (): Promise<Scanned> => scanAfresh(skyConfig(market, anvil.url))
  /** A vault that is unsafe below this share of the price at deployment. */
  const open = async (ilk: IlkName, debt: number, share: number): Promise<OpenedVault> => {
    const art = act.units(debt)
    const plan = { ilk, ink: inkFor(ilk, art, share), art, owner: market.admin }
    const [vault] = await openVaults(anvil, market, [plan])
    if (!vault) throw new Error('no vault')
    return vault
  }
  const rowIn = (scanned: Scanned, { key }: OpenedVault, driver = 'ETH') => {
    const row = scanned.book(driver).rows.find(({ id }) => id === key)
    if (!row) throw new Error(`no row of ${key}`)
    return row
  }
  const positionIn = ({ markets, accounts }: Scanned, { key }: OpenedVault) =>
    sky.position(markets as SkyMarkets, key, accounts.get(key) as SkyAccount)
  const dogSays = async ({ key }: OpenedVault) => (await askDog(anvil, market, [{ key }]))[0]

  const SAFE = 'Dog/not-unsafe'

  test('the number of a vault is known from where it lies, and the manager agrees; its owner is not the caller', async () => {
    const plans = planVaults({ count: 360, seed: 12, ilks: ['WSTETH-A'] })
    const opened = await openVaults(anvil, market, plans)
    const scanned = await scanNow()
    const owing = opened.filter(({ art }) => art > 0n)
    for (const { key, urn, owner } of owing)
      expect((scanned.accounts.get(key) as SkyAccount).owner).toBe(owner ?? urn)
    const last = await market.deployer.read<bigint>('CdpManagerStandIn', market.manager, 'cdpi')
    // one byte, two bytes: the number is part of what the address is made of
    expect(last).toBeGreaterThan(256n)
    for (const cdp of [1n, 127n, 128n, 255n, 256n, last])
      expect(urnOfVault(market.manager, cdp)).toBe(await act.urnOf(cdp))
  })

  test('the fee that nobody has booked counts: the Dog takes a vault that the Vat still calls safe', async () => {
    const vault = await open('ETH-B', 100_000, 0.96)
    // 10 % a year on a vault that is 4 % from its trigger
    await mine(anvil, 1, 180 * 86_400)
    await act.nextHour()
    const { vat } = market
    const { read } = market.deployer
    const stored = await read<readonly bigint[]>('VatStandIn', vat, 'ilks', [word('ETH-B')])
    const [, rate = 0n, spot = 0n] = stored
    expect(vault.ink * spot).toBeGreaterThan(vault.art * rate)
    expect(await dogSays(vault)).toBe('')
    expect(positionIn(await scanNow(), vault)).toMatchObject({ liquidatable: true, blocked: null })
  })

  test('a ratio that changes counts at once, without any change of price', async () => {
    const vault = await open('WBTC-A', 50_000, 0.7)
    const before = Number(rowIn(await scanNow(), vault, 'BTC').price)
    await act.setMat('WBTC-A', (RAY * 180n) / 100n)
    const after = Number(rowIn(await scanNow(), vault, 'BTC').price)
    expect(after / before).toBeCloseTo(1.8 / 1.5, 6)
    await act.setMat('WBTC-A', (RAY * 150n) / 100n)
  })

  test('a target price of DAI other than 1 counts on both sides', async () => {
    const vault = await open('WBTC-A', 50_000, 0.7)
    const before = rowIn(await scanNow(), vault, 'BTC')
    await act.setPar((RAY * 102n) / 100n)
    const after = rowIn(await scanNow(), vault, 'BTC')
    await act.setPar(RAY)
    expect(Number(after.price) / Number(before.price)).toBeCloseTo(1.02, 6)
    expect(after.debtUsd / before.debtUsd).toBeCloseTo(1.02, 6)
  })

  test('dust is the least debt of a vault, no reason to liquidate it', async () => {
    const vault = await open('ETH-A', 8000, 0.5)
    await act.fileVat('ETH-A', 'dust', 20_000n * RAD)
    const scanned = await scanNow()
    expect(await dogSays(vault)).toBe(SAFE)
    expect(positionIn(scanned, vault)).toMatchObject({ liquidatable: false, blocked: null })
    expect(rowIn(scanned, vault).outcome).toBe('below')
    await act.fileVat('ETH-A', 'dust', 7500n * RAD)
  })

  test('auctions stopped: the price is kept, with the reason why nobody can act', async () => {
    const vault = await open('ETH-A', 30_000, 0.6)
    const before = rowIn(await scanNow(), vault)
    await act.stop('ETH-A', 1n)
    const scanned = await scanNow()
    await act.stop('ETH-A', 0n)
    const row = rowIn(scanned, vault)
    expect(row).toMatchObject({ outcome: 'below', reason: 'blocked: auctions of ETH-A are stopped' })
    expect(Number(row.price) / Number(before.price)).toBeCloseTo(1, 5)
    expect(scanned.coverage.notes).toContain('auctions are stopped: ETH-A')
    expect(scanned.coverage.status).toBe('complete')
  })

  test('no room for another auction: the same', async () => {
    const vault = await open('ETH-A', 30_000, 0.6)
    await act.setHole('ETH-A', 0n)
    const none = await scanNow()
    // 5,650 is room for 5,000 of debt: an auction below the dust of 7,500
    await act.setHole('ETH-A', 5650n * RAD)
    const little = await scanNow()
    await act.setHole('ETH-A', 10n ** 11n * RAD)
    expect(rowIn(none, vault).reason).toBe('blocked: no more collateral may be put up for auction now')
    expect(none.coverage.notes).toContain('no more may be put up for auction now: ETH-A')
    expect(rowIn(little, vault).reason).toBe('blocked: too little may be put up for auction now')
  })

  test('ink of WBTC has 18 decimals, the token 8', async () => {
    const vault = await open('WBTC-A', 50_000, 0.5)
    const { collateral } = positionIn(await scanNow(), vault)
    expect(collateral).toMatchObject([
      { asset: GEMS.WBTC, symbol: 'WBTC', decimals: 8, amount: vault.ink / 10n ** 10n },
    ])
    // 60,000 USD each at deployment
    const usd = Number(collateral[0]?.usd) / 1e18
    expect(usd / ((Number(vault.ink) / 1e18) * 60_000)).toBeCloseTo(1, 9)
  })

  test('the price of a vault does not stand in the Vat alone: the oracle’s is anyone’s to bring', async () => {
    const vault = await open('WSTETH-A', 50_000, 0.9)
    await act.fileVat('WSTETH-A', 'spot', 1n)
    expect(await dogSays(vault)).toBe(SAFE)
    expect(positionIn(await scanNow(), vault).liquidatable).toBe(false)
    await act.poke('WSTETH-A')
  })

  test('what has no auctions is nobody’s vault, and is said', async () => {
    const psm = word('PSM-A')
    const { send } = market.deployer
    await send('VatStandIn', market.vat, 'file', [psm, word('line'), 10n ** 9n * RAD])
    await send('VatStandIn', market.vat, 'file', [psm, word('spot'), 2n * RAY])
    await send('VatStandIn', market.vat, 'slip', [psm, market.admin, 5_000_000n * WAD])
    const five = 5_000_000n * WAD
    const args = [psm, market.admin, market.admin, market.admin, five, five]
    await send('VatStandIn', market.vat, 'frob', args)
    const scanned = await scanNow()
    expect([...scanned.accounts.keys()].filter((key) => key.startsWith('PSM'))).toEqual([])
    expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    expect(scanned.coverage.notes).toContain(
      '5000000 DAI are owed to 1 collateral types without auctions (PSM, allocators, …): no vaults of users',
    )
  })

  test('an endpoint without overrides: the oracle’s storage is closed, and the Vat’s own price stands for it', async () => {
    await act.passHour()
    const gateway = await startGateway(anvil.url, [refuseOverrides])
    try {
      const poor = await scanAfresh(skyConfig(market, gateway.url))
      const rich = await scanNow()
      expect(sorted(poor.accounts)).toEqual(sorted(rich.accounts))
      const pip = market.osms.WETH
      const [less, more] = [poor, rich].map(({ markets }) => (markets as SkyMarkets).oracles[pip])
      expect(more).toMatchObject({ now: 3000n * WAD, next: 3000n * WAD })
      expect(less).toMatchObject({ next: null, nextFrom: null })
      // the Vat’s price is cut: a few wei of it are lost
      expect(Number((less?.now ?? 0n) - 3000n * WAD)).toBeLessThanOrEqual(0)
      expect(Number((less?.now ?? 0n) - 3000n * WAD)).toBeGreaterThan(-5)
    } finally {
      await gateway.stop()
    }
  })

  test('verify finds a price that is wrong by one unit, on the side where it is wrong', async () => {
    const db = memoryDatabase()
    const config = skyConfig(market, anvil.url)
    const book = (await scanLocal(config, db)).book('BTC')
    const shifted = (by: bigint) => ({
      ...book,
      rows: book.rows.map((row) =>
        row.priceRaw === null ? row : { ...row, priceRaw: (BigInt(row.priceRaw) + by).toString() },
      ),
    })
    const priced = book.rows.filter(({ priceRaw }) => priceRaw !== null).length
    expect(priced).toBeGreaterThan(2)
    const right = await verify({ config, db, book, sample: null })
    const high = await verify({ config, db, book: shifted(1n), sample: null })
    const low = await verify({ config, db, book: shifted(-1n), sample: null })
    expect([right.agreed, high.agreed, low.agreed]).toEqual([priced, 0, 0])
    expect(new Set(high.disagreed.map(({ expected }) => expected))).toEqual(new Set(['liquidatable']))
    // the Dog takes it one unit too early, and has nothing left to take at the price itself
    expect(low.disagreed[0]).toMatchObject({ expected: 'safe', contract: 'liquidatable' })
  })

  test('shut down: nobody is liquidated any more, by any price', async () => {
    const vault = await open('ETH-A', 30_000, 0.6)
    await act.cage()
    const scanned = await scanNow()
    expect(await dogSays(vault)).toBe('Dog/not-live')
    expect(rowIn(scanned, vault).outcome).toBe('never')
    expect(scanned.coverage.notes).toContain('the protocol is shut down: no vault can be liquidated')
  })
})

describe('what needs no chain', () => {
  const ilk = word('ETH-A')
  const topic = (signature: string) => pad(toFunctionSelector(signature), { dir: 'right', size: 32 })
  const frob = topic('frob(bytes32,address,address,address,int256,int256)')
  const urn: Address = '0x00000000000000000000000000000000000000A1'
  const log = (topics: readonly `0x${string}`[], dart: bigint) => ({
    address: urn,
    topics,
    // offset, length, selector and five arguments, `dart`, filled to 224 bytes
    data: `0x${'00'.repeat(228)}${toHex(dart, { size: 32 }).slice(2)}${'00'.repeat(28)}` as const,
    ...{ blockNumber: 1n, transactionHash: '0x' as const, timestamp: null },
  })

  test('the Vat notes selector, ilk, urn; other contracts note selector, caller, first argument', () => {
    expect(vaultNote(log([frob, ilk, pad(urn), pad(urn)], 5n))).toEqual({ ilk, urns: [urn], debt: true })
    expect(vaultNote(log([frob, ilk, pad(urn), pad(urn)], 0n))).toMatchObject({ debt: false })
    // read as the others are, this would be a vault of the caller in an ilk that is an address
    const foreign = log([topic('give(uint256,address)'), pad(urn), toHex(7n, { size: 32 }), pad(urn)], 5n)
    expect(vaultNote(foreign)).toBe(null)
  })

  test('a fork names two vaults, and its debt stands elsewhere in the call', () => {
    const fork = topic('fork(bytes32,address,address,int256,int256)')
    const other: Address = '0x00000000000000000000000000000000000000b2'
    const data = `0x${'00'.repeat(196)}${toHex(9n, { size: 32 }).slice(2)}${'00'.repeat(60)}` as const
    const note = vaultNote({ ...log([fork, ilk, pad(urn), pad(other)], 0n), data })
    expect(note?.urns.map((one) => one.toLowerCase())).toEqual([urn.toLowerCase(), other.toLowerCase()])
    expect(note?.debt).toBe(true)
  })

  test('a vault without collateral is lost, and nothing of it can be sold', () => {
    const position = sky.position(pureSky(), 'ETH-A:0x', pureVault(0n, 100n * WAD))
    expect(position).toMatchObject({
      liquidatable: true,
      collateral: [],
      healthFactor: 0n,
      blocked: 'it has no collateral to sell',
    })
  })

  test('the lower of two prices decides: the oracle’s, or the market’s that it is to follow', () => {
    // 10 ETH for 10,000 DAI at 150 %: unsafe below 1,500
    const vault = pureVault(10n * WAD, 10_000n * WAD)
    const at = (now: bigint, market: bigint) => {
      const markets = pureSky({ oracle: { now: now * WAD, market: market * WAD } })
      const { liquidatable, blocked } = sky.position(markets, 'ETH-A:0x', vault)
      const rule = sky.isLiquidatable(markets, vault)
      return { liquidatable, blocked, cures: !rule(() => 10_000n * WAD) }
    }
    expect(at(2000n, 2000n)).toEqual({ liquidatable: false, blocked: null, cures: true })
    expect(at(2000n, 1400n)).toMatchObject({ liquidatable: true, cures: true })
    expect(at(1400n, 1400n)).toEqual({ liquidatable: true, blocked: null, cures: true })
    expect(at(1400n, 2000n)).toEqual({ liquidatable: true, blocked: null, cures: false })
  })

  test('a vault whose collateral type has gone is unpriced in a later market, not an error', () => {
    const gone = { ...pureVault(WAD, WAD), ilk: 'OLD-A' }
    expect(sky.position(pureSky(), 'OLD-A:0x', gone)).toMatchObject({
      liquidatable: false,
      unpriced: 'its collateral type has no auctions any more',
    })
    expect(sky.isLiquidatable(pureSky(), gone)(() => 1n)).toBe(false)
    expect(sky.prices(pureSky()).map(({ asset }) => asset)).toContain(PIP)
  })

  test('what the Dog answers: past its check, or before it', () => {
    const refusal = (reason: string) => ({
      success: false,
      data: `0x08c379a0${toHex(32, { size: 32 }).slice(2)}${toHex(reason.length, { size: 32 }).slice(2)}${Buffer.from(reason).toString('hex').padEnd(128, '0')}` as const,
    })
    expect(answersBark({ success: true, data: '0x' })).toBe(true)
    for (const reason of [
      'Dog/liquidation-limit-hit',
      'Dog/null-auction',
      'Clipper/stopped-incorrect',
      'LockstakeClipper/stopped-incorrect',
    ])
      expect(answersBark(refusal(reason))).toBe(true)
    expect(answersBark(refusal('Dog/not-unsafe'))).toBe(false)
    for (const reason of ['Dog/not-live', 'Vat/not-live', '']) expect(answersBark(refusal(reason))).toBe(null)
    expect(answersBark({ success: false, data: '0x' })).toBe(null)
  })
})
