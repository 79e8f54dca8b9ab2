import { type Address, parseUnits } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UsdConfig } from '../../src/config.ts'
import { usdPriceOf } from '../../src/engine/usd-prices.ts'
import { createReader } from '../../src/sources/batch.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import { verify } from '../../src/verify.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { localConfig, memoryDatabase, scanLocal } from '../helpers/scanning.ts'

let anvil: Anvil
let market: AaveMarket

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
})
afterAll(() => anvil?.stop())

const WETH_PRICE = 3000n * 10n ** 8n

const priceOf = async (token: Address, usd: Partial<UsdConfig>, reference: Address | null = null) => {
  const meter = newMeter()
  const rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, meter)
  const feeds = [market.reserves.WETH.feed]
  const driver = { symbol: 'ETH', feeds, byHand: {}, known: {}, reference }
  return usdPriceOf(createReader(rpc, meter), { oracle: null, prices: {}, ...usd }, [driver])(token)
}

test('a price by hand is taken as written, and asks nobody', async () => {
  const price = await priceOf(market.reserves.USDC.asset, {
    prices: { [market.reserves.USDC.asset]: 0.9987 },
  })
  expect(price).toEqual({ price: 99_870_000n, decimals: 8, ask: null, feeds: [] })
})

test('a token that is the driver has the answer of the driver’s feed', async () => {
  const { asset, feed } = market.reserves.WETH
  const byHand = await priceOf(asset, { prices: { [asset]: 'ETH' } })
  expect(byHand).toMatchObject({ price: WETH_PRICE, decimals: 8, feeds: [feed], stub: { feed, decimals: 8 } })
  expect(await priceOf(asset, {}, asset)).toEqual(byHand)
})

test('the reference oracle prices what it lists, and names the feed', async () => {
  const { asset, feed } = market.reserves.WBTC
  expect(await priceOf(asset, { oracle: market.oracle })).toMatchObject({
    price: 60_000n * 10n ** 8n,
    decimals: 8,
    ask: { to: market.oracle },
    feeds: [feed],
  })
})

test('what nobody prices has no price; an oracle that is none is an error, not a missing price', async () => {
  const stranger: Address = '0x00000000000000000000000000000000000A11cE'
  expect(await priceOf(stranger, {})).toMatchObject({ price: null, ask: null })
  expect(await priceOf(stranger, { oracle: market.oracle })).toMatchObject({ price: null, ask: null })
  await expect(priceOf(stranger, { oracle: stranger })).rejects.toThrow('BASE_CURRENCY_UNIT')
})

test('exposures declared by hand: verify puts the prices on the oracle itself, and the contract agrees', async () => {
  const account: Address = '0x00000000000000000000000000000000000B0b01'
  await act.openLoan(anvil, market, {
    account,
    collateral: [
      ['WETH', parseUnits('10', 18)],
      ['wstETH', parseUnits('1', 18)],
    ],
    debt: [['USDC', parseUnits('15000', 6)]],
  })
  const assets = { [market.reserves.WETH.asset]: 1, [market.reserves.wstETH.asset]: 0.5 }
  const config = localConfig(market, {
    urls: [anvil.url],
    drivers: { ETH: { chains: { local: { assets } } } },
  })
  const db = memoryDatabase()
  const scanned = await scanLocal(config, db)
  const book = scanned.book('ETH')
  expect(book.rows).toMatchObject([{ id: account, outcome: 'below' }])
  expect(await verify({ config, db, book, sample: null })).toMatchObject({
    sampled: 1,
    agreed: 1,
    disagreed: [],
  })
})
