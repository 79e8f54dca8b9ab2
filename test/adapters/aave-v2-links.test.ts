import { type Address, getAddress, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV2 } from '../../src/adapters/aave-v2.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import type { Observation } from '../../src/core/entities/evidence.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { readLogs } from '../../src/sources/logs.ts'
import { connect } from '../../src/sources/rpc.ts'
import { type AaveV2Market, deployAaveV2 } from '../chain/aave-v2.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { createV2Caller } from '../helpers/aave-v2-calls.ts'
import { v2Config } from '../helpers/aave-v2-market.ts'
import { scanAfresh } from '../helpers/scanning.ts'

const [ALICE, BOB] = [1, 2].map((n) => getAddress(`0x${(0x11f2000 + n).toString(16).padStart(40, '0')}`)) as [
  Address,
  Address,
]
const weth = (amount: string) => ({ symbol: 'WETH' as const, amount: parseUnits(amount, 18) })
const dai = (amount: string) => ({ symbol: 'DAI' as const, amount: parseUnits(amount, 18) })

describe('what the logs of Aave V2 show of two accounts', () => {
  let anvil: Anvil
  let market: AaveV2Market
  let markets: unknown
  let call: ReturnType<typeof createV2Caller>

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV2(anvil)
    call = createV2Caller(anvil, market)
    for (const account of [ALICE, BOB]) {
      await call.deposit(account, weth('10'))
      await call.borrow(account, dai('9000'), 2)
    }
    markets = (await scanAfresh(v2Config(market, { urls: [anvil.url] }))).markets
  })
  afterAll(() => anvil?.stop())

  const observed = async (run: () => Promise<unknown>): Promise<readonly Observation[]> => {
    const before = BigInt(await anvil.rpc<string>('eth_blockNumber'))
    await run()
    const meter = newMeter()
    const rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, meter)
    const links = aaveV2.links as NonNullable<AnyAdapter['links']>
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

  test.each([
    ['delegation', ALICE, BOB, () => call.borrowOnCredit(BOB, ALICE, dai('10'), 1)],
    ['pays-in', ALICE, BOB, () => call.deposit(ALICE, weth('1'), BOB)],
    ['repays', ALICE, BOB, () => call.repay(ALICE, dai('50'), 2, BOB)],
    ['transfer', ALICE, BOB, () => call.transferAToken(ALICE, weth('1'), BOB)],
  ] as const)('%s', async (kind, from, to, run) => {
    expect(await observed(run)).toMatchObject([{ kind, from, to }])
  })

  test('what one does for himself shows nothing', async () => {
    expect(
      await observed(async () => {
        await call.deposit(ALICE, weth('1'))
        await call.borrow(ALICE, dai('10'), 1)
        await call.repay(ALICE, dai('5'), 1)
      }),
    ).toEqual([])
  })
})
