import fc from 'fast-check'
import { type Address, maxUint256, numberToHex, parseUnits } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { recompute } from '../../src/report.ts'
import type { Db } from '../../src/store/open.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type AaveMarket, ETH_EMODE } from '../chain/market.ts'
import { memoryDatabase, type Scanned, SOURCE, scanAfresh, scanLocal } from '../helpers/scanning.ts'
import { officialRows } from '../helpers/subgraph-rows.ts'
import { type SubgraphServer, startSubgraphServer } from '../helpers/subgraph-server.ts'

/** Logs, a subgraph's list and a subgraph's balances in one database, in any order and at any block of the past. */

let anvil: Anvil
let market: AaveMarket
let subgraph: SubgraphServer
/** What the chain says at each of a few blocks, by a scan of its own. */
const truths: { readonly block: number; readonly scanned: Scanned }[] = []

type Mode = 'logs' | 'discover' | 'read'

const configOf = (mode: Mode, block: number): Config => {
  const deployment = { poolAddressesProvider: market.addressesProvider, fromBlock: Number(market.fromBlock) }
  const discover = { subgraph: subgraph.url, mode, schema: 'aave-v3', waitSeconds: 0 }
  return parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [anvil.url], block } },
      sources: [{ key: SOURCE, deployment, ...(mode === 'logs' ? {} : { discover }) }],
      drivers: { ETH: { chains: { local: { feeds: [market.reserves.WETH.feed] } } } },
    },
    {},
    '/',
  )
}

const byId = (a: PositionRow, b: PositionRow) => (a.id < b.id ? -1 : 1)
const rowsOf = ({ book }: Scanned) => book('ETH').rows.toSorted(byId)
const idsOf = (rows: readonly PositionRow[]) => rows.map(({ id }) => id).toSorted()

/** Of `lacks`, the account that the subgraph has lost; with `vague`, more collateral than there is. */
type Step = { readonly mode: Mode; readonly at: number; readonly lacks: number; readonly vague: boolean }

const fill = ({ at, lacks, vague }: Step): void => {
  const { scanned } = truths[at] as (typeof truths)[number]
  const indebted = new Set(rowsOf(scanned).map(({ id }) => id))
  const accounts = [...scanned.accounts].filter(([key]) => indebted.has(key)).toSpliced(lacks, 1)
  const [block] = scanned.stored.blocks
  subgraph.state.rows = {
    userReserves: officialRows(new Map(accounts), scanned.markets).map((row) => ({
      ...row,
      scaledATokenBalance: String(BigInt(row.scaledATokenBalance) * (vague ? 2n : 1n)),
    })),
  }
  const { number, hash } = block ?? { number: 0, hash: null }
  subgraph.state.meta = { number: number ?? 0, hash, deployment: 'QmOne', hasIndexingErrors: false }
}

const play = async (db: Db, step: Step): Promise<Scanned> => {
  fill(step)
  return scanLocal(configOf(step.mode, (truths[step.at] as (typeof truths)[number]).block), db)
}

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
  subgraph = await startSubgraphServer()
  const [a = '0x', b = '0x', c = '0x', d = '0x'] = [1, 2, 3, 4].map((n) =>
    numberToHex(0xa11ce0000n + BigInt(n), { size: 20 }),
  ) as Address[]
  const loan = (account: Address) =>
    act.openLoan(anvil, market, {
      account,
      collateral: [['WETH', parseUnits('10', 18)]],
      debt: [['USDC', parseUnits('5000', 6)]],
    })
  const remember = async () => {
    const block = Number(await anvil.rpc<string>('eth_blockNumber'))
    truths.push({ block, scanned: await scanAfresh(configOf('logs', block)) })
  }
  const move = (account: Address, symbol: 'WETH' | 'USDC', amount: bigint) => ({ account, symbol, amount })
  await loan(a)
  await loan(b)
  await act.supply(anvil, market, move(c, 'WETH', parseUnits('3', 18)))
  await remember()
  await loan(d)
  await act.repay(anvil, market, move(b, 'USDC', maxUint256))
  await act.withdraw(anvil, market, move(a, 'WETH', parseUnits('1', 18)))
  await remember()
  await act.borrow(anvil, market, move(b, 'USDC', parseUnits('700', 6)))
  await act.borrow(anvil, market, move(c, 'WETH', parseUnits('1', 18)))
  await act.setEMode(anvil, market, { account: c, eMode: ETH_EMODE.id })
  await act.repay(anvil, market, move(a, 'USDC', maxUint256))
  await remember()
  await act.supply(anvil, market, move(b, 'WETH', parseUnits('2', 18)))
  await act.repay(anvil, market, move(d, 'USDC', maxUint256))
  await act.setEMode(anvil, market, { account: c, eMode: 0 })
  await remember()
})
afterAll(async () => {
  await subgraph?.stop()
  await anvil?.stop()
})

const expectTrue = ({ mode, at, vague }: Step, status: string, rows: readonly PositionRow[]): void => {
  if (status !== 'complete') return
  const truth = rowsOf((truths[at] as (typeof truths)[number]).scanned)
  if (mode === 'read' && vague) expect(idsOf(rows)).toEqual(idsOf(truth))
  else expect(rows.toSorted(byId)).toEqual(truth)
}

test('what is called complete is the truth of its block, on the day and as computed again later', async () => {
  const step: fc.Arbitrary<Step> = fc.record({
    mode: fc.constantFrom<Mode>('logs', 'discover', 'read', 'read'),
    at: fc.nat(3),
    // most lists lack nobody
    lacks: fc.oneof({ weight: 3, arbitrary: fc.constant(9) }, { weight: 1, arbitrary: fc.nat(2) }),
    vague: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
      const db = memoryDatabase()
      const scans: Scanned[] = []
      for (const one of steps) {
        const scanned = await play(db, one)
        const { status } = scanned.coverage
        expectTrue(one, status, rowsOf(scanned))
        if (one.lacks === 9 || one.mode === 'logs') expect(status).toBe('complete')
        scans.push(scanned)
      }
      for (const [i, { stored, coverage }] of scans.entries()) {
        const one = steps[i] as Step
        // a subgraph asked twice of one block may have told something else
        expectTrue({ ...one, vague: one.mode === 'read' }, coverage.status, recompute(db, stored, 'ETH'))
      }
    }),
    {
      numRuns: 14,
      examples: [
        // a whole list and then a part of it, of one block
        [[2, 2].map((at, i) => ({ mode: 'read' as const, at, lacks: i === 0 ? 9 : 0, vague: false }))],
        // the chain, and then a vague subgraph, at one block
        [[1, 3, 1].map((at, i) => ({ mode: i < 2 ? 'logs' : 'read', at, lacks: 9, vague: true }) as const)],
      ],
    },
  )
})
