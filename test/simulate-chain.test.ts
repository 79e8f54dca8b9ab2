import { getAddress, parseEventLogs, parseUnits } from 'viem'
import { describe, expect, test } from 'vitest'
import { ladderOf } from '../src/core/cascade/ladder.ts'
import { cascadePositions, loadRules } from '../src/simulate.ts'
import { deployAaveV302 } from './chain/aave-v3-0-2.ts'
import { deployAaveV36 } from './chain/aave-v3-6.ts'
import * as act from './chain/actions.ts'
import { startAnvil } from './chain/anvil.ts'
import { poolAbi } from './chain/market.ts'
import { createReader } from './chain/reader.ts'
import { localConfig, memoryDatabase, scanLocal } from './helpers/scanning.ts'

/** Debt in USDC against WETH: large, just over the sums below which a position closes whole, and under them. */
const DEBTS = [150_000, 2_400, 1_900, 600]

describe.each([
  ['3.6', deployAaveV36],
  ['3.0.2', deployAaveV302],
] as const)('on Aave V%s', (_, deploy) => {
  test('the first step of a position is what a real liquidation takes at its price', async () => {
    const anvil = await startAnvil()
    try {
      const market = await deploy(anvil, { ethUsd: 2000 })
      const accounts = DEBTS.map((_, i) => getAddress(`0x${(0xc0ffee00 + i).toString(16).padStart(40, '0')}`))
      for (const [i, account] of accounts.entries()) {
        const debt = DEBTS[i] ?? 0
        await act.openLoan(anvil, market, {
          account,
          collateral: [['WETH', parseUnits((debt / (1400 + 10 * i)).toFixed(18), 18)]],
          debt: [['USDC', parseUnits(String(debt), 6)]],
        })
      }
      const db = memoryDatabase()
      const book = (await scanLocal(localConfig(market, { urls: [anvil.url] }), db)).book('ETH')
      const positions = cascadePositions(book, loadRules(db, book.scan))
      // from the highest price down, so that none is passed before its turn
      for (const position of positions.toSorted((a, b) => b.price - a.price)) {
        const [rung] = ladderOf(position).rungs
        const row = book.rows.find(({ id }) => id === position.id)
        await act.setFeedPrice(anvil, market, 'WETH', BigInt(row?.priceRaw ?? 0))
        const { transactionHash: hash } = await act.liquidate(anvil, market, {
          borrower: getAddress(position.id),
          collateral: 'WETH',
          debt: 'USDC',
        })
        const { logs } = await createReader(anvil, market).client.getTransactionReceipt({ hash })
        const [event] = parseEventLogs({ abi: poolAbi, logs, eventName: 'LiquidationCall' })
        const { debtToCover = 0n, liquidatedCollateralAmount = 0n } = event?.args ?? {}
        expect(Number(debtToCover) / 1e6 / (rung?.repaidUsd ?? 0)).toBeCloseTo(1, 5)
        expect(Number(liquidatedCollateralAmount) / 1e18 / (rung?.amount ?? 0)).toBeCloseTo(1, 5)
      }
      expect(positions).toHaveLength(DEBTS.length)
    } finally {
      await anvil.stop()
    }
  })
})
