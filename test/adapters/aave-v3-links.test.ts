import { type Address, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import type { Observation } from '../../src/core/entities/evidence.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { readLogs } from '../../src/sources/logs.ts'
import { connect } from '../../src/sources/rpc.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { ether, payIn, person, usdc } from '../helpers/linked-owners.ts'
import { createCaller } from '../helpers/pool-calls.ts'
import { localConfig, scanAfresh } from '../helpers/scanning.ts'

const [ALICE, BOB, CAROL] = [person(1), person(2), person(3)]

describe.each([
  ['3.6', deployAaveV36],
  ['3.0.2', deployAaveV302],
] as const)('what the logs of Aave V%s show of two accounts', (_, deploy) => {
  let anvil: Anvil
  let market: AaveMarket
  let markets: unknown

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deploy(anvil)
    for (const account of [ALICE, BOB])
      await act.openLoan(anvil, market, {
        account,
        collateral: [['WETH', ether(10)]],
        debt: [['USDC', usdc(9000)]],
      })
    markets = (await scanAfresh(localConfig(market, { urls: [anvil.url] }))).markets
  })
  afterAll(() => anvil?.stop())

  /** What the adapter yields of the blocks that `run` makes. */
  const observed = async (run: () => Promise<unknown>): Promise<readonly Observation[]> => {
    const before = BigInt(await anvil.rpc<string>('eth_blockNumber'))
    await run()
    const meter = newMeter()
    const rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, meter)
    const links = aaveV3.links as NonNullable<AnyAdapter['links']>
    const context = {
      deployment: null,
      block: rpc.block,
      logs: (...[filter, from, to]: Parameters<Parameters<typeof links>[0]['logs']>) =>
        readLogs(rpc, { filter, from, to }, meter),
    }
    const found: Observation[] = []
    const range = { from: before + 1n, to: rpc.block.number }
    for await (const one of links(context, markets, range)) found.push(one)
    return found
  }
  const between = (...[from, to]: readonly [Address, Address]) => ({ from, to })

  test('a loan on the credit of another: who drew it, and whose debt it is', async () => {
    const call = createCaller(anvil, market)
    const found = await observed(() =>
      call.borrowOnCredit(BOB, { by: ALICE, symbol: 'USDC', amount: usdc(100) }),
    )
    expect(found).toMatchObject([{ kind: 'delegation', ...between(ALICE, BOB) }])
    const [one] = found
    expect(one?.tx).toMatch(/^0x[0-9a-f]{64}$/)
    const receipt = await anvil.rpc<{ blockNumber: string }>('eth_getTransactionReceipt', [one?.tx])
    expect(one?.block).toBe(Number(receipt.blockNumber))
    const block = await anvil.rpc<{ timestamp: string }>('eth_getBlockByNumber', [receipt.blockNumber, false])
    expect([null, Number(block.timestamp)]).toContain(one?.time)
  })

  test('a payment into the account of another, and a repayment', async () => {
    expect(
      await observed(() =>
        payIn(anvil, market, { by: CAROL, account: BOB, symbol: 'WETH', amount: ether(1) }),
      ),
    ).toMatchObject([{ kind: 'pays-in', ...between(CAROL, BOB) }])
    const call = createCaller(anvil, market)
    expect(
      await observed(() => call.repayFor(BOB, { by: CAROL, symbol: 'USDC', amount: usdc(50) })),
    ).toMatchObject([{ kind: 'repays', ...between(CAROL, BOB) }])
  })

  test('aTokens sent', async () => {
    expect(
      await observed(() =>
        act.transferAToken(anvil, market, { account: ALICE, symbol: 'WETH', amount: ether(1), to: BOB }),
      ),
    ).toMatchObject([{ kind: 'transfer', ...between(ALICE, BOB) }])
  })

  test('what one does for himself shows nothing', async () => {
    expect(
      await observed(async () => {
        await payIn(anvil, market, { by: ALICE, account: ALICE, symbol: 'WETH', amount: ether(1) })
        await act.borrow(anvil, market, { account: ALICE, symbol: 'DAI', amount: parseUnits('10', 18) })
        await act.repay(anvil, market, { account: ALICE, symbol: 'DAI', amount: parseUnits('5', 18) })
        await act.withdraw(anvil, market, { account: ALICE, symbol: 'WETH', amount: ether(1) })
      }),
    ).toEqual([])
  })

  test('aTokens that a liquidator takes were not sent by their owner', async () => {
    await act.setFeedPrice(anvil, market, 'WETH', 600_00000000n)
    const found = await observed(() =>
      act.liquidate(anvil, market, {
        borrower: ALICE,
        collateral: 'WETH',
        debt: 'USDC',
        amount: usdc(1000),
        receiveAToken: true,
      }),
    )
    expect(found).toEqual([])
  })
})
