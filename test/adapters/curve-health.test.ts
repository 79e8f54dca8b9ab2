import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CurveAccount } from '../../src/adapters/curve-accounts.ts'
import type { CurveMarkets } from '../../src/adapters/curve-markets.ts'
import { healthAt } from '../../src/adapters/curve-rules.ts'
import { WAD } from '../../src/core/units.ts'
import { startAnvil } from '../chain/anvil.ts'
import { type CurveChain, curveActions, deployCurve, openLoans, setCurveFeed } from '../chain/curve.ts'
import { curveConfig, planLoans } from '../helpers/curve.ts'
import { scanAfresh } from '../helpers/scanning.ts'

/** Where the AMM has been traded to, and at which oracle price that was. */
const STATES = [
  { band: 0, share: 0, price: 3000 },
  { band: 3, share: 0.5, price: 2880 },
  { band: 8, share: 0.001, price: 2800 },
  { band: 16, share: 0.999, price: 2550 },
] as const

/** In USD: around every edge of the bands, and far from them. */
const PRICES = [1500, 2000, 2300, 2500, 2561.3, 2700, 2795, 2850.5, 2911, 2999, 3200, 4500]

describe('the rule is the controller’s health, wherever the AMM and its oracle stand (stand-in of a mint market)', () => {
  let chain: CurveChain

  beforeAll(async () => {
    chain = await deployCurve(await startAnvil(), [
      { collateral: 'WETH', borrowed: 'crvUSD', oracle: { feed: 'ETH' }, base: 3000 },
    ])
    const [market] = chain.markets
    if (!market) throw new Error('no market was deployed')
    const plans = planLoans(market.spec, { count: 50, seed: 11, first: 0, worth: 20_000 })
    await openLoans(chain, market, plans)
  })
  afterAll(() => chain?.anvil.stop())

  test.each(STATES)('traded to band $band', async ({ band, share, price }) => {
    const [market] = chain.markets
    if (!market) throw new Error('no market was deployed')
    const act = curveActions(chain, market)
    await setCurveFeed(chain, 'ETH', BigInt(price) * 10n ** 8n)
    await act.sellTo(band, share)
    const { accounts, markets } = await scanAfresh(curveConfig(chain))
    const state = (markets as CurveMarkets).markets[market.controller]
    if (!state) throw new Error('the market was not read')
    const wrong: unknown[] = []
    for (const usd of PRICES) {
      await setCurveFeed(chain, 'ETH', BigInt(Math.round(usd * 1e8)))
      await Promise.all(
        [...accounts].map(async ([key, found]) => {
          const account = found as CurveAccount
          const loan = {
            bands: account.y.map((y, i) => ({ x: account.x[i] ?? 0n, y })),
            n1: account.n1,
            priceUp: account.priceUp,
          }
          const at = BigInt(Math.round(usd * 1e8)) * 10n ** 10n
          const ours = healthAt(loan, account, state, at)
          const own = await act.health(key.split(':')[1] as Address)
          // what is left of the protocol's cuts of each share: 10 units of 18 decimals for a debt of 1
          const off = ours > own ? ours - own : own - ours
          if (off > 20n + (20n * WAD) / account.debt) wrong.push([usd, key, ours, own])
        }),
      )
    }
    expect(wrong).toEqual([])
    expect(accounts.size).toBe(50)
  })
})
