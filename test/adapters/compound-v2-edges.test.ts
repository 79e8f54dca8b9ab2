import { parseUnits } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { compoundV2 } from '../../src/adapters/compound-v2.ts'
import type { CompoundAccount } from '../../src/adapters/compound-v2-accounts.ts'
import type { CompoundMarkets } from '../../src/adapters/compound-v2-markets.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { deployCompoundV2 } from '../chain/compound-v2.ts'
import { askComptroller, compoundConfig, verdictOf } from '../chain/compound-v2-asks.ts'
import { openCompound, planCompound } from '../chain/compound-v2-positions.ts'
import { deployCompoundStandIn } from '../chain/compound-v2-stand-in.ts'
import { scanAfresh } from '../helpers/scanning.ts'

let anvil: Anvil | undefined
afterEach(() => anvil?.stop())

test('collateral worth exactly the debt is safe: the comptroller wants a shortfall (Venus 0.7.0)', async () => {
  anvil = await startAnvil()
  const market = await deployCompoundV2(anvil, '0.7.0')
  // 10 ETH at 3,000 and 80 % are 24,000 dollars; the loan is of the block that is scanned, so it bears no interest yet
  const [account = market.admin] = await openCompound(anvil, market, [
    { supplied: [['WETH', parseUnits('10', 18)]], borrowed: [['USDC', parseUnits('24000', 6)]] },
  ])
  const [row] = (await scanAfresh(compoundConfig(market, [anvil.url]))).book('ETH').rows
  expect(row).toMatchObject({ id: account, healthFactor: 1, outcome: 'below', priceRaw: '299999999999' })
  const { feed } = market.markets.WETH
  const asked = [3000_00000000n, 2999_99999999n].map((answer) => ({ account, feed, answer }))
  const answers = await askComptroller(anvil, market, asked)
  expect(answers[0]).toEqual({ code: 0n, shortfall: 0n })
  expect(answers.map(verdictOf)).toEqual([false, true])
})

test('a market that was unlisted counts for nothing, as collateral and in the totals (Venus 10.3.0)', async () => {
  anvil = await startAnvil()
  const market = await deployCompoundV2(anvil, '10.3.0')
  const { WBTC } = market.markets
  const [holder = market.admin, debtor = market.admin] = await openCompound(anvil, market, [
    {
      supplied: [
        ['WETH', parseUnits('10', 18)],
        ['WBTC', parseUnits('1', 8)],
      ],
      borrowed: [['USDC', parseUnits('30000', 6)]],
    },
    { supplied: [['WETH', parseUnits('10', 18)]], borrowed: [['WBTC', parseUnits('0.1', 8)]] },
  ])
  const send = (functionName: string, args: readonly unknown[]) =>
    market.deployer.send('Comptroller', market.comptroller, functionName, args)
  const actions = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  await send('setActionsPaused', [[WBTC.cToken], actions, true])
  await send('_setMarketSupplyCaps', [[WBTC.cToken], [0n]])
  await send('_setMarketBorrowCaps', [[WBTC.cToken], [0n]])
  await send('setCollateralFactor', [WBTC.cToken, 0n, 0n])
  await send('unlistMarket', [WBTC.cToken])
  const scanned = await scanAfresh(compoundConfig(market, [anvil.url]))
  const position = (key: string) =>
    compoundV2.position(scanned.markets as CompoundMarkets, key, scanned.accounts.get(key) as CompoundAccount)
  expect(position(holder).collateral.map(({ symbol }) => symbol)).toEqual(['WETH'])
  expect(position(debtor).debt).toEqual([])
  const answers = await askComptroller(anvil, market, [{ account: holder }, { account: debtor }])
  expect(answers.map(verdictOf)).toEqual([true, false])
  expect([position(holder), position(debtor)].map(({ liquidatable }) => liquidatable)).toEqual([true, false])
  expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
  expect(scanned.coverage.notes.join()).toMatch(/WBTC of debt is in a market that Venus has unlisted/)
})

test('Venus before it had pools: read by the collateral factors, and a note says so (Venus 0.7.0)', async () => {
  anvil = await startAnvil()
  const market = await deployCompoundV2(anvil, '0.7.0')
  await openCompound(anvil, market, planCompound('0.7.0', { count: 40, seed: 9 }))
  const asVenus = await scanAfresh(compoundConfig(market, [anvil.url], 'venus'))
  const asCompound = await scanAfresh(compoundConfig(market, [anvil.url], 'compound'))
  const rows = ({ book }: typeof asVenus) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  expect(rows(asVenus)).toEqual(rows(asCompound))
  expect(rows(asVenus)).toHaveLength(40)
  expect(asVenus.coverage.notes).toContain(
    'Venus had no pools at this block: thresholds are the collateral factors',
  )
  expect(asCompound.coverage.notes).toEqual([])
})

test('Moonwell’s oracle names the feed of each price, and a composite the feed below it (our stand-in)', async () => {
  anvil = await startAnvil()
  const market = await deployCompoundStandIn(anvil, () => 'SecondsCToken')
  const { markets } = await scanAfresh(compoundConfig(market, [anvil.url], 'moonwell'))
  const feeds = Object.fromEntries(
    compoundV2.prices(markets as CompoundMarkets).map(({ symbol, feeds: own }) => [symbol, own]),
  )
  const { WETH, wstETH } = market.markets
  expect(feeds.WETH).toEqual([WETH.feed])
  expect(feeds.wstETH).toEqual([wstETH.feed, WETH.feed])
})
