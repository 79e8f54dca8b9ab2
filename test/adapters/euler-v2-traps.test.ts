import { type Address, getAddress, parseUnits, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eulerV2 } from '../../src/adapters/euler-v2.ts'
import type { EulerV2Account } from '../../src/adapters/euler-v2-accounts.ts'
import type { EulerV2Markets } from '../../src/adapters/euler-v2-markets.ts'
import { type LiquidationRule, ruleOf } from '../../src/core/cascade/rules.ts'
import { WAD } from '../../src/core/units.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  batch,
  DOLLAR,
  deployEuler,
  depositFor,
  type EulerChain,
  eulerKey,
  mineEuler,
  openEulerPositions,
  setEulerFeed,
  vaultOf,
} from '../chain/euler-v2.ts'
import { askLiquidation, askLiquidity, eulerConfig } from '../helpers/euler-v2.ts'
import { refuseOverrides, startGateway, stripErrorData } from '../helpers/gateway.ts'
import { placeMulticall3 } from '../helpers/multicall3.ts'
import { type Scanned, scanAfresh, sorted } from '../helpers/scanning.ts'

const weth = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)

describe('traps of Euler V2, a stand-in', () => {
  let anvil: Anvil
  let chain: EulerChain
  let owners = 1000

  beforeAll(async () => {
    anvil = await startAnvil()
    chain = await deployEuler(anvil)
    await placeMulticall3(anvil, chain)
  })
  afterAll(() => anvil?.stop())

  const open = async (
    vault: string,
    collateral: Readonly<Record<string, bigint>>,
    borrow: bigint,
  ): Promise<Address> => {
    const [account] = await openEulerPositions(chain, [{ vault, collateral, borrow }], { first: ++owners })
    if (account === undefined) throw new Error('no account was opened')
    return account
  }

  const scanNow = (): Promise<Scanned> => scanAfresh(eulerConfig(chain))

  const positionIn = ({ markets, accounts }: Scanned, vault: string, account: Address) => {
    const key = eulerKey(chain, vault, account)
    return eulerV2.position(markets as EulerV2Markets, key, accounts.get(key) as EulerV2Account)
  }

  const rowOf = (scanned: Scanned, vault: string, account: Address, driver = 'ETH') => {
    const row = scanned.book(driver).rows.find(({ id }) => id === eulerKey(chain, vault, account))
    if (!row) throw new Error(`no row of ${account}`)
    return row
  }

  const seizable = async (vault: string, account: Address, collateral: string): Promise<boolean | null> => {
    const question = { vault: vaultOf(chain, vault), account, collateral: vaultOf(chain, collateral) }
    const [verdict = null] = await askLiquidation(chain, [question])
    return verdict
  }

  const liquidityOf = async (vault: string, account: Address) => {
    const [values = null] = await askLiquidity(chain, [{ vault: vaultOf(chain, vault), account }])
    return values
  }

  const list = (vault: string, collateral: string, ltv: readonly [number, number], ramp = 0): Promise<void> =>
    chain.send(vaultOf(chain, vault), 'setLTV', [vaultOf(chain, collateral), ...ltv, ramp])

  test('the rule is not strict: a health of exactly 1 is liquidatable', async () => {
    await chain.create('exact', { asset: 'DAI', router: 'USD', free: true })
    await list('exact', 'eUSDC', [9400, 9400])
    await depositFor(chain, [{ vault: 'exact', receiver: chain.admin, amount: weth('100000') }])
    const escrow = await chain.create('idleUSDC', { asset: 'USDC', router: 'USD', free: true })
    await chain.send(chain.routers.USD, 'govSetResolvedVault', [escrow, true])
    await list('exact', 'idleUSDC', [9400, 9400])
    const account = await open('exact', { idleUSDC: usdc('1000') }, weth('930'))
    await setEulerFeed(chain, 'USDC', 93_000_000n)
    await setEulerFeed(chain, 'DAI', 94_000_000n)
    const equal = positionIn(await scanNow(), 'exact', account)
    expect(await liquidityOf('exact', account)).toEqual([weth('874.2'), weth('874.2')])
    expect(await seizable('exact', account, 'idleUSDC')).toBe(true)
    expect(equal).toMatchObject({ healthFactor: WAD, liquidatable: true })
    await setEulerFeed(chain, 'DAI', 93_999_999n)
    expect(await seizable('exact', account, 'idleUSDC')).toBe(false)
    const safe = positionIn(await scanNow(), 'exact', account)
    expect(safe.liquidatable).toBe(false)
    await setEulerFeed(chain, 'USDC', 100_000_000n)
    await setEulerFeed(chain, 'DAI', 100_000_000n)
  })

  test('a threshold that ramps down: liquidatable without any price moving, and the report says when', async () => {
    await chain.create('ramped', { asset: 'USDC', router: 'USD', free: true })
    await list('ramped', 'eWETH', [8000, 9000])
    await depositFor(chain, [{ vault: 'ramped', receiver: chain.admin, amount: usdc('100000') }])
    const account = await open('ramped', { eWETH: weth('1') }, usdc('2390'))
    await list('ramped', 'eWETH', [7000, 7500], 3000)
    const thresholds: number[] = []
    const verdicts: boolean[] = []
    for (let i = 0; i < 4; i++) {
      const scanned = await scanNow()
      const position = positionIn(scanned, 'ramped', account)
      thresholds.push(Number(position.collateral[0]?.threshold) / 1e18)
      verdicts.push(position.liquidatable)
      expect(position.liquidatable).toBe(await seizable('ramped', account, 'eWETH'))
      expect(position.healthFactor).toBe(
        (((await liquidityOf('ramped', account))?.[0] ?? 0n) * WAD) / weth('2390'),
      )
      const note = scanned.coverage.notes.find((text) => text.startsWith('thresholds that fall'))
      if (i < 3) expect(note).toMatch(/eWETH-1 in eUSDC-\d+ from \d+(\.\d+)?% now to 75% by 20\d\d-/)
      else expect(note).toBeUndefined()
      await mineEuler(chain, 1, 1100)
    }
    expect(thresholds[0]).toBeGreaterThan(0.89)
    expect(thresholds[3]).toBe(0.75)
    expect(thresholds.toSorted((a, b) => b - a)).toEqual(thresholds)
    expect(verdicts).toEqual([false, false, true, true])
  })

  test('a collateral whose threshold is 0 backs nothing, is still there to be seized, and needs no price', async () => {
    await chain.create('delisting', { asset: 'USDC', router: 'USD', free: true })
    await list('delisting', 'eWETH', [8000, 8500])
    await list('delisting', 'eWBTC', [8000, 8500])
    await depositFor(chain, [{ vault: 'delisting', receiver: chain.admin, amount: usdc('100000') }])
    const account = await open('delisting', { eWETH: weth('1'), eWBTC: 10n ** 7n }, usdc('2000'))
    const before = rowOf(await scanNow(), 'delisting', account)
    await list('delisting', 'eWBTC', [0, 0])
    await chain.send(chain.feeds.BTC, 'setBroken', [true])
    const scanned = await scanNow()
    const position = positionIn(scanned, 'delisting', account)
    expect(await liquidityOf('delisting', account)).not.toBeNull()
    expect(position.unpriced).toBeNull()
    expect(
      position.collateral.map(({ symbol, threshold }) => [symbol, Number(threshold) / 1e18]).toSorted(),
    ).toEqual([
      ['eWBTC-1', 0],
      ['eWETH-1', 0.85],
    ])
    expect(Number(rowOf(scanned, 'delisting', account).price)).toBeGreaterThan(Number(before.price))
    expect(rowOf(scanned, 'delisting', account)).toMatchObject({ outcome: 'below' })
    await chain.send(chain.feeds.BTC, 'setBroken', [false])
  })

  test('what is held but not enabled, or enabled but not listed, backs nothing', async () => {
    const account = await open('ethUSDC', { eWETH: weth('1') }, usdc('1000'))
    const alone = positionIn(await scanNow(), 'ethUSDC', account)
    await depositFor(chain, [
      { vault: 'eWBTC', receiver: account, amount: 10n ** 8n },
      { vault: 'ewstETH', receiver: account, amount: weth('5') },
    ])
    await batch(chain, account, [
      [chain.evc, account, 'enableCollateral', [account, vaultOf(chain, 'eWBTC')]],
    ])
    const scanned = await scanNow()
    expect(positionIn(scanned, 'ethUSDC', account).collateral).toHaveLength(1)
    const [backing = 0n, liability = 1n] = (await liquidityOf('ethUSDC', account)) ?? []
    expect(positionIn(scanned, 'ethUSDC', account).healthFactor).toBe((backing * WAD) / liability)
    expect(alone.collateral[0]?.amount).toBe(positionIn(scanned, 'ethUSDC', account).collateral[0]?.amount)
  })

  test('in the cool-off after a status check nobody can liquidate, and the position says so', async () => {
    await chain.send(vaultOf(chain, 'eDAI'), 'setLiquidationCoolOffTime', [600])
    const account = await open('eDAI', { eWETH: weth('1') }, weth('2400'))
    await setEulerFeed(chain, 'ETH', 2500_00000000n)
    const hot = rowOf(await scanNow(), 'eDAI', account)
    expect(hot.reason).toMatch(/^(liquidatable at the pinned block; )?blocked: it cools off for \d+ s more$/)
    expect(positionIn(await scanNow(), 'eDAI', account).blocked).toMatch(/^it cools off for 59\d s more$/)
    expect(await seizable('eDAI', account, 'eWETH')).toBeNull()
    await mineEuler(chain, 1, 600)
    const cool = positionIn(await scanNow(), 'eDAI', account)
    expect(cool).toMatchObject({ blocked: null, liquidatable: true })
    expect(await seizable('eDAI', account, 'eWETH')).toBe(true)
    await setEulerFeed(chain, 'ETH', 3000_00000000n)
    await chain.send(vaultOf(chain, 'eDAI'), 'setLiquidationCoolOffTime', [1])
  })

  test('liquidations switched off by a hook: priced as ever, with the reason why nobody can act', async () => {
    const account = await open('ethWETH', { eUSDC: usdc('4000') }, weth('1'))
    await chain.send(vaultOf(chain, 'ethWETH'), 'setHookConfig', [zeroAddress, 1 << 11])
    const scanned = await scanNow()
    expect(rowOf(scanned, 'ethWETH', account)).toMatchObject({
      outcome: 'above',
      reason: 'blocked: eWETH-2 has switched liquidations off',
    })
    expect(scanned.coverage.notes.join()).toContain('nobody can be liquidated now in eWETH-2: switched off')
    const hook = await chain.deployer.deploy('EulerHook')
    await chain.send(vaultOf(chain, 'ethWETH'), 'setHookConfig', [hook, 1 << 11])
    const hooked = await scanNow()
    expect(rowOf(hooked, 'ethWETH', account).reason).toBeNull()
    expect(hooked.coverage.notes.join()).toContain('may refuse liquidations in eWETH-2')
    await chain.send(vaultOf(chain, 'ethWETH'), 'setHookConfig', [zeroAddress, 0])
  })

  test('an oracle that refuses: the account is unpriced, not healthy and not worthless; the others are priced', async () => {
    const broken = await open('eUSDC', { eWETH: weth('1'), eDAI: weth('10') }, usdc('2000'))
    const fine = await open('eUSDC', { eWETH: weth('1') }, usdc('2000'))
    // enabled, with nothing in it: it is not asked for
    await batch(chain, fine, [[chain.evc, fine, 'enableCollateral', [fine, vaultOf(chain, 'eDAI')]]])
    await chain.send(chain.feeds.DAI, 'setBroken', [true])
    const scanned = await scanNow()
    expect(await liquidityOf('eUSDC', broken)).toBeNull()
    expect(await liquidityOf('eUSDC', fine)).not.toBeNull()
    expect(rowOf(scanned, 'eUSDC', broken)).toMatchObject({
      outcome: 'unpriced',
      reason: 'the oracle of eUSDC-1 refuses to price eDAI-1',
    })
    expect(rowOf(scanned, 'eUSDC', fine).outcome).toBe('below')
    // anyone can open such a vault: it is counted and noted, and leaves the scan complete
    expect(scanned.coverage).toMatchObject({ status: 'complete', error: null })
    expect(scanned.coverage.unpriced).toBeGreaterThan(0)
    expect(scanned.coverage.notes.join('\n')).toContain('cannot be priced')
    await chain.send(chain.feeds.DAI, 'setBroken', [false])
    expect(rowOf(await scanNow(), 'eUSDC', broken).outcome).toBe('below')
  })

  test('a feed that is too old is one that refuses', async () => {
    const account = await open('eDAI', { eUSDC: usdc('1000') }, weth('500'))
    await mineEuler(chain, 1, 73 * 3600)
    const scanned = await scanNow()
    expect(await liquidityOf('eDAI', account)).toBeNull()
    expect(rowOf(scanned, 'eDAI', account).outcome).toBe('unpriced')
    for (const [feed, usd] of [
      ['ETH', 3000],
      ['BTC', 60_000],
      ['USDC', 1],
      ['DAI', 1],
    ] as const)
      await setEulerFeed(chain, feed, BigInt(usd) * 10n ** 8n)
    expect(rowOf(await scanNow(), 'eDAI', account).outcome).toBe('never')
  })

  test('a unit of account that nobody prices in dollars: unpriced, and the report says what to write where', async () => {
    const account = await open('ethUSDC', { eWETH: weth('1') }, usdc('1000'))
    const scanned = await scanAfresh(eulerConfig(chain, { prices: { [chain.tokens.WBTC]: 'BTC' } }))
    const key = eulerKey(chain, 'ethUSDC', account)
    const row = scanned.book('BTC').rows.find(({ id }) => id === key)
    expect(row).toMatchObject({
      outcome: 'unpriced',
      reason: 'eUSDC-2 counts in WETH, which nobody prices in USD: name it in chains.<chain>.usd.prices',
    })
  })

  test('a router that asks another one, and shares within shares', async () => {
    const { deployer, routers, tokens } = chain
    const outer = await deployer.deploy('EulerStandInRouter')
    await chain.send(outer, 'govSetFallbackOracle', [routers.USD])
    for (const vault of ['eSDAI', 'eWETH'])
      await chain.send(outer, 'govSetResolvedVault', [vaultOf(chain, vault), true])
    await chain.create('outer', { asset: 'USDC', router: 'USD', oracle: outer })
    await list('outer', 'eSDAI', [9000, 9200])
    await list('outer', 'eWETH', [9000, 9200])
    await depositFor(chain, [{ vault: 'outer', receiver: chain.admin, amount: usdc('100000') }])
    const account = await open('outer', { eSDAI: weth('1000'), eWETH: weth('1') }, usdc('2000'))
    await deployer.send('EulerSavings', tokens.SDAI, 'setTotals', [1_234_567_890_123n, 1_000_000_000_007n])
    const position = positionIn(await scanNow(), 'outer', account)
    const [backing = 0n, liability = 1n] = (await liquidityOf('outer', account)) ?? []
    expect(position.healthFactor).toBe((backing * WAD) / liability)
    const saved = position.collateral.find(({ symbol }) => symbol.startsWith('eSDAI'))
    expect(Number(saved?.usd) / 1e18).toBeCloseTo(1234.567890114, 6)
  })

  test('a price that moves with no feed of the driver follows it where the configuration says so', async () => {
    const { deployer, tokens } = chain
    const router = await deployer.deploy('EulerStandInRouter')
    const pulled = await deployer.deploy('EulerStandInRateAdapter', [tokens.wstETH, DOLLAR, weth('3600')])
    await chain.send(router, 'govSetConfig', [tokens.wstETH, DOLLAR, pulled])
    await chain.send(router, 'govSetFallbackOracle', [chain.routers.USD])
    await chain.send(router, 'govSetResolvedVault', [vaultOf(chain, 'ewstETH'), true])
    await chain.create('pulled', { asset: 'USDC', router: 'USD', oracle: router, free: true })
    await list('pulled', 'ewstETH', [8000, 8500])
    await depositFor(chain, [{ vault: 'pulled', receiver: chain.admin, amount: usdc('100000') }])
    const account = await open('pulled', { ewstETH: weth('1') }, usdc('2500'))
    const still = rowOf(await scanNow(), 'pulled', account)
    expect(still).toMatchObject({ outcome: 'never', reason: 'no exposure to the driver' })
    const scanned = await scanAfresh(eulerConfig(chain, { ethLike: [tokens.wstETH] }))
    const row = rowOf(scanned, 'pulled', account)
    expect(row.outcome).toBe('below')
    const { spot } = scanned.book('ETH').driver
    const edge = BigInt(row.priceRaw ?? 0)
    for (const [answer, verdict] of [
      [edge, true],
      [edge + 1n, false],
    ] as const) {
      await deployer.send('EulerStandInRateAdapter', pulled, 'set', [(weth('3600') * answer) / spot])
      expect([answer, await seizable('pulled', account, 'ewstETH')]).toEqual([answer, verdict])
    }
  })

  test('a feed that states dollars in ETH is no rate: the dollars keep their value when ETH moves', async () => {
    const { deployer, tokens } = chain
    const feed = await deployer.deploy('EulerNamedFeed', [33_333n, 'USDC / ETH'])
    const adapter = await deployer.deploy('EulerStandInFeedAdapter', [tokens.USDC, tokens.WETH, feed])
    const router = await deployer.deploy('EulerStandInRouter')
    await chain.send(router, 'govSetConfig', [tokens.USDC, tokens.WETH, adapter])
    await chain.send(router, 'govSetResolvedVault', [vaultOf(chain, 'eUSDC'), true])
    await chain.create('inverse', { asset: 'WETH', router: 'WETH', oracle: router, free: true })
    await list('inverse', 'eUSDC', [8000, 8500])
    await depositFor(chain, [{ vault: 'inverse', receiver: chain.admin, amount: weth('100') }])
    const account = await open('inverse', { eUSDC: usdc('4000') }, weth('1'))
    const scanned = await scanNow()
    const row = rowOf(scanned, 'inverse', account)
    expect(row.outcome).toBe('above')
    expect(Number(row.price)).toBeCloseTo(3000 * 4000 * 0.85 * 0.00033333, -1)
    expect(scanned.coverage.notes.join()).toMatch(/USDC: priced in another asset by a feed that did not move/)
  })

  test('an oracle that names two others but does something else with them is taken as one', async () => {
    const { deployer, tokens, routers } = chain
    const read = (base: Address, quote: Address) =>
      deployer.read<Address>('EulerStandInRouter', routers.USD, 'getConfiguredOracle', [base, quote])
    const [first, second] = [
      await deployer.deploy('EulerStandInRateAdapter', [tokens.wstETH, tokens.WETH, weth('1.2')]),
      await read(tokens.WETH, DOLLAR),
    ]
    const odd = await deployer.deploy('EulerOddCross', [tokens.wstETH, tokens.WETH, DOLLAR, first, second])
    const router = await deployer.deploy('EulerStandInRouter')
    await chain.send(router, 'govSetConfig', [tokens.wstETH, DOLLAR, odd])
    await chain.send(router, 'govSetFallbackOracle', [routers.USD])
    await chain.send(router, 'govSetResolvedVault', [vaultOf(chain, 'ewstETH'), true])
    await chain.create('crossed', { asset: 'USDC', router: 'USD', oracle: router, free: true })
    await list('crossed', 'ewstETH', [8000, 8500])
    await depositFor(chain, [{ vault: 'crossed', receiver: chain.admin, amount: usdc('100000') }])
    const account = await open('crossed', { ewstETH: weth('1') }, usdc('2000'))
    const [backing = 0n, liability = 1n] = (await liquidityOf('crossed', account)) ?? []
    const scanned = await scanNow()
    const health = positionIn(scanned, 'crossed', account).healthFactor ?? 0n
    expect(Number(health) / 1e18).toBeCloseTo(Number(backing) / Number(liability), 15)
    expect(Number(rowOf(scanned, 'crossed', account).price)).toBeCloseTo(2000 / (1.2 * 0.8 * 0.85), 4)
  })

  test('collateral and debt that move together have no price of the driver', async () => {
    const account = await open('ethWETH', { ewstETH: weth('10') }, weth('11'))
    expect(rowOf(await scanNow(), 'ethWETH', account)).toMatchObject({
      outcome: 'never',
      reason: 'collateral and debt move together',
    })
  })

  test('dollars against ETH in a vault that counts in ETH: in danger when ETH rises', async () => {
    const account = await open('ethWETH', { eUSDC: usdc('4000') }, weth('1'))
    const scanned = await scanNow()
    const row = rowOf(scanned, 'ethWETH', account)
    expect(row.outcome).toBe('above')
    expect(row.collateral[0]?.usd).toBeCloseTo(4000, 2)
    expect(Number(row.price)).toBeCloseTo(4000 * 0.83, 0)
    const state = scanned.stored.drivers.find(({ symbol }) => symbol === 'ETH')
    const exposureOf = (leg?: { readonly pricedAs: string }) =>
      state?.responses[leg?.pricedAs ?? '']?.exposure
    expect(exposureOf(row.collateral[0])).toBe(0n)
    expect(exposureOf(row.debt[0])).toBe(WAD)
  })

  test('an oracle that burns all gas or answers nonsense: its own accounts are unpriced, the others cost no more', async () => {
    const { deployer } = chain
    const odd = await deployer.deploy('EulerOddOracle')
    await chain.create('odd', { asset: 'USDC', router: 'USD', oracle: odd })
    await list('odd', 'eWETH', [8000, 8500])
    await depositFor(chain, [{ vault: 'odd', receiver: chain.admin, amount: usdc('1000') }])
    const victim = await open('odd', { eWETH: weth('1') }, usdc('100'))
    const other = await open('eUSDC', { eWETH: weth('1') }, usdc('2000'))
    const sane = await scanNow()
    expect(rowOf(sane, 'odd', victim).outcome).toBe('never')
    for (const mode of [1n, 2n, 3n]) {
      await deployer.send('EulerOddOracle', odd, 'set', [mode])
      const scanned = await scanNow()
      expect([mode, rowOf(scanned, 'odd', victim).outcome]).toEqual([mode, 'unpriced'])
      expect(rowOf(scanned, 'eUSDC', other).outcome).toBe('below')
      expect(scanned.coverage.requests).toBeLessThanOrEqual(sane.coverage.requests + 6)
    }
    await deployer.send('EulerOddOracle', odd, 'set', [0n])
  })

  test('a vault that is left without debt: what is known of its accounts keeps its amounts, not its value', async () => {
    const account = await open('eUSDC', { eWETH: weth('1') }, usdc('2000'))
    const scanned = await scanNow()
    const markets = scanned.markets as EulerV2Markets
    const key = eulerKey(chain, 'eUSDC', account)
    const before = positionIn(scanned, 'eUSDC', account)
    const state = scanned.accounts.get(key) as EulerV2Account
    const { [state.vault]: _, ...others } = markets.vaults
    const after = eulerV2.position({ ...markets, vaults: others }, key, state)
    expect(after).toMatchObject({
      unpriced: 'its vault reports no debt any more',
      liquidatable: false,
      healthFactor: null,
    })
    const amounts = (legs: typeof after.debt) => legs.map(({ asset, amount }) => [asset, amount])
    expect(amounts(after.debt)).toEqual(amounts(before.debt))
    expect(amounts(after.collateral)).toEqual(amounts(before.collateral))
    expect(eulerV2.isLiquidatable({ ...markets, vaults: others }, state)(() => 0n)).toBe(false)
  })

  test('one liquidation may repay the whole debt', () => {
    const rule = eulerV2.liquidationRule?.({} as EulerV2Markets) as LiquidationRule
    expect(rule).toMatchObject({ closeFactor: 1, wholeAtHealthFactor: null, takesAll: false })
    expect(ruleOf('euler-v2/ethereum/main').closeFactor).toBe(1)
  })

  test('the same accounts where no program of ours runs', async () => {
    const gateway = await startGateway(anvil.url, [refuseOverrides, stripErrorData])
    try {
      const poor = await scanAfresh(eulerConfig(chain, { url: gateway.url }))
      const rich = await scanNow()
      expect(rich.accounts.size).toBeGreaterThan(10)
      expect(sorted(poor.accounts)).toEqual(sorted(rich.accounts))
      expect(poor.markets).toEqual(rich.markets)
      expect(poor.coverage.debtCovered).toBe(1)
    } finally {
      await gateway.stop()
    }
  })

  test('hundreds of vaults that nobody owes anything cost two requests more at most', async () => {
    const before = (await scanNow()).coverage
    const data = (asset: Address) =>
      `0x${[asset, chain.routers.USD, getAddress(chain.tokens.WETH)].map((a) => a.slice(2)).join('')}`
    for (let i = 0; i < 300; i++)
      await chain.send(chain.factory, 'createProxy', [zeroAddress, true, data(chain.tokens.DAI)])
    const after = (await scanNow()).coverage
    expect(after.requests).toBeLessThanOrEqual(before.requests + 2)
    expect(after).toMatchObject({ positions: before.positions, debtCovered: 1 })
    expect(after.notes.join()).toMatch(/3\d\d of 3\d\d vaults have no debt and are not priced/)
  })
})
