import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sky } from '../../src/adapters/sky.ts'
import type { SkyMarkets } from '../../src/adapters/sky-markets.ts'
import { verify } from '../../src/verify.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type DssMarket, deployDss } from '../chain/sky.ts'
import { openVaults } from '../chain/sky-positions.ts'
import { memoryDatabase, type Scanned, scanLocal } from '../helpers/scanning.ts'
import { askDog, skyConfig } from '../helpers/sky.ts'
import { skyActions } from '../helpers/sky-acts.ts'

/**
 * The delay of Maker's oracle, worked by hand on a stand-in without fees. ETH-A: liquidation ratio 1.45.
 *
 * A vault of 10 ETH owes 14,500 DAI. It is unsafe where 10 · price / 1.45 < 14,500, so below 14,500 · 1.45 / 10 =
 * 2102.50 USD. At 2102.50 both sides are 14,500, which is safe: the last price that liquidates is 2102.49999999.
 *
 * hour  market  OSM now  OSM next  what the Dog says
 *    0    3000     3000      3000  safe
 *    0    2200     3000      3000  safe: 10 · 2200 / 1.45 = 15,172.41
 *    0    2000     3000      3000  safe, though 10 · 2000 / 1.45 = 13,793.10: the Vat counts 20,689.66
 *    1    2000     3000      2000  safe: the OSM has taken the market's price, as the next one
 *    2    2000     2000      2000  unsafe: 13,793.10 < 14,500
 *    2    2500     2000      2000  unsafe still, though 10 · 2500 / 1.45 = 17,241.38
 *    3    2500     2000      2500  unsafe still
 *    4    2500     2500      2500  safe again
 */
describe('the oracle is one to two hours late, a stand-in of Maker', () => {
  let anvil: Anvil
  let market: DssMarket
  let act: ReturnType<typeof skyActions>
  let key: string

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployDss(anvil, { fees: false })
    act = skyActions(anvil, market)
    const plan = { ilk: 'ETH-A', ink: act.units(10), art: act.units(14_500), owner: market.admin } as const
    const [vault] = await openVaults(anvil, market, [plan])
    if (!vault) throw new Error('no vault')
    ;({ key } = vault)
  })
  afterAll(() => anvil?.stop())

  const scanNow = async () => {
    const db = memoryDatabase()
    return { db, scanned: await scanLocal(skyConfig(market, anvil.url), db) }
  }
  const seen = (scanned: Scanned) => {
    const row = scanned.book('ETH').rows.find(({ id }) => id === key)
    const { liquidatable, blocked } = sky.position(
      scanned.markets as SkyMarkets,
      key,
      scanned.accounts.get(key) as never,
    )
    return { outcome: row?.outcome, price: row?.price, liquidatable, blocked }
  }
  const dogSays = async () => (await askDog(anvil, market, [{ key }]))[0]
  const note = ({ coverage }: Scanned) => coverage.notes.find((text) => text.startsWith('WETH:')) ?? ''

  const SAFE = 'Dog/not-unsafe'
  const TRIGGER = 2102.49999999

  test('hour 0, the market at 2200: the trigger in the market’s terms, whatever the oracle still counts', async () => {
    expect(seen((await scanNow()).scanned)).toMatchObject({ outcome: 'below', price: TRIGGER })
    await act.setFeed('ETH', 2200)
    const { scanned } = await scanNow()
    expect(seen(scanned)).toEqual({ outcome: 'below', price: TRIGGER, liquidatable: false, blocked: null })
    expect(note(scanned)).toMatch(
      /^WETH: the oracle counts 3000\.00 USD now, 3000\.00 from 20\d\d-\d\d-\d\dT\d\d:00Z on; the market says 2200\.00\. Liquidations follow the market up to 2 hours later$/,
    )
    expect(await dogSays()).toBe(SAFE)
  })

  test('hour 0, the market at 2000: below its trigger, and nobody can act before the oracle follows', async () => {
    await act.setFeed('ETH', 2000)
    const { db, scanned } = await scanNow()
    expect(await dogSays()).toBe(SAFE)
    expect(seen(scanned)).toEqual({
      outcome: 'already',
      price: TRIGGER,
      liquidatable: true,
      blocked: 'its oracle has not followed the market yet',
    })
    // with the market's price on the oracle, the Dog agrees on both sides
    const verification = await verify({
      config: skyConfig(market, anvil.url),
      ...{ db, book: scanned.book('ETH'), sample: null },
    })
    expect(verification).toMatchObject({ sampled: 1, agreed: 1, disagreed: [] })
  })

  test('hour 1: the oracle has the price as its next one', async () => {
    await act.passHour()
    const { scanned } = await scanNow()
    expect(note(scanned)).toMatch(/counts 3000\.00 USD now, 2000\.00 from .* on; the market says 2000\.00/)
    expect(await dogSays()).toBe(SAFE)
    expect(seen(scanned).blocked).toBe('its oracle has not followed the market yet')
  })

  test('hour 2, before anybody has poked: the next price is anyone’s to take, and counts', async () => {
    await act.nextHour()
    const { scanned } = await scanNow()
    expect(note(scanned)).toMatch(/^WETH: the oracle counts 2000\.00 USD now; the market says 2000\.00/)
    expect(await dogSays()).toBe('')
    expect(seen(scanned)).toEqual({ outcome: 'already', price: TRIGGER, liquidatable: true, blocked: null })
  })

  test('hour 2, the market back at 2500: it is liquidated all the same, and no price of the market cures it', async () => {
    await act.pokeOsm('WETH')
    await act.poke('ETH-A')
    await act.setFeed('ETH', 2500)
    const { scanned } = await scanNow()
    expect(await dogSays()).toBe('')
    expect(seen(scanned)).toMatchObject({ outcome: 'already', price: null, liquidatable: true })
  })

  test('hour 3 and 4: it takes as long to be safe again', async () => {
    await act.passHour()
    expect(await dogSays()).toBe('')
    await act.passHour()
    expect(await dogSays()).toBe(SAFE)
    expect(seen((await scanNow()).scanned)).toMatchObject({ outcome: 'below', price: TRIGGER })
  })

  test('the simulation of cascades knows of the delay', async () => {
    const { markets } = (await scanNow()).scanned
    expect(sky.liquidationRule?.(markets as SkyMarkets)).toMatchObject({
      lagSeconds: 3600,
      penaltyToProtocol: true,
    })
  })

  test('where nobody says what the market does, the oracle’s next price stands for it', async () => {
    const config = skyConfig(market, anvil.url, {})
    await act.setFeed('ETH', 2600)
    await act.nextHour()
    await act.pokeOsm('WETH')
    const scanned = await scanLocal(config, memoryDatabase())
    expect(note(scanned)).toMatch(
      /counts 2500\.00 USD now, 2600\.00 from .* on; no market price is known, so its latest/,
    )
    // and the ETH feed is taken to say of the market what the oracle says next
    expect(seen(scanned)).toMatchObject({ outcome: 'below', price: TRIGGER })
  })

  test('a stopped oracle follows nothing, and says so', async () => {
    await act.stopOsm('WETH')
    await act.nextHour()
    const { scanned } = await scanNow()
    expect(note(scanned)).toMatch(/The oracle is stopped: it follows nothing$/)
    expect(scanned.coverage.status).toBe('complete')
  })

  test('an oracle without a price: unpriced, never healthy and never under water; the debt is known', async () => {
    await act.voidOsm('WETH')
    await act.poke('ETH-A')
    const { scanned } = await scanNow()
    expect(scanned.book('ETH').rows.find(({ id }) => id === key)).toMatchObject({
      outcome: 'unpriced',
      price: null,
      healthFactor: null,
      reason: 'the oracle of ETH-A has no price',
    })
    expect(await dogSays()).toBe(SAFE)
    expect(scanned.coverage).toMatchObject({ status: 'partial', debtCovered: 1 })
  })
})
