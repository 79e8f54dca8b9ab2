import { getAddress, type Hex, numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Context } from '../../src/adapters/adapter.ts'
import {
  type MorphoBlueDeployment,
  type MorphoBlueMarkets,
  readMarkets,
} from '../../src/adapters/morpho-blue-markets.ts'
import { plainSymbol, readTokens } from '../../src/adapters/morpho-blue-tokens.ts'
import { createReader } from '../../src/sources/batch.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import type { Db } from '../../src/store/open.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  type MorphoChain,
  openMorphoPositions,
  spamMarkets,
} from '../chain/morpho-blue.ts'
import { morphoConfig, morphoKey } from '../helpers/morpho-blue.ts'
import { memoryDatabase, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const SPAM = 2000

describe('2,000 markets that nobody uses', () => {
  let anvil: Anvil
  let chain: MorphoChain
  let db: Db
  let market: Hex
  let owner: string
  /** Of a scan without them. */
  let alone: number

  beforeAll(async () => {
    anvil = await startAnvil()
    chain = await deployMorphoBlue(anvil)
    const { tokens } = chain
    const oracle = await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' })
    const params = { loanToken: tokens.USDC, collateralToken: tokens.WETH, oracle, lltv: lltvOf(86) }
    market = await createMarket(chain, params, 10n ** 13n)
    const plan = { market, collateral: 10n ** 18n, borrow: 10n ** 9n }
    const [first = ''] = await openMorphoPositions(chain, [plan])
    owner = first
    alone = (await scanAfresh(morphoConfig(chain))).coverage.requests
    for (let i = 0; i < 4; i++) {
      const odd = await chain.deployer.deploy('MorphoBlueOddOracle')
      await spamMarkets(chain, { loanToken: tokens.USDC, oracle: odd, count: SPAM / 4 })
    }
    db = memoryDatabase()
  })
  afterAll(() => anvil?.stop())

  test('cost two requests more, and change no price', async () => {
    const scanned = await scanLocal(morphoConfig(chain), db)
    expect(scanned.coverage.requests).toBeLessThanOrEqual(alone + 2)
    expect(scanned.coverage).toMatchObject({ status: 'complete', positions: 1, debtCovered: 1 })
    expect(scanned.coverage.notes).toContain('2000 of 2001 markets have no debt and are not priced')
    expect(scanned.book('ETH').rows.map(({ id, outcome }) => [id, outcome])).toEqual([
      [morphoKey(market, owner), 'below'],
    ])
  })

  test('are not looked for again: a scan with nothing new reads the logs of new blocks only', async () => {
    await anvil.rpc('anvil_mine', [numberToHex(3)])
    const asked: [bigint, bigint][] = []
    const earlier = await scanLocal(morphoConfig(chain), db)
    const markets = earlier.markets as MorphoBlueMarkets
    const { number = 0 } = earlier.stored.blocks[0] ?? {}
    const known = BigInt(number ?? 0)
    const halves = numberToHex(0n, { size: 32 })
    const context = {
      deployment: { morpho: chain.morpho, preLiquidationFactory: null, fromBlock: 0n },
      block: { number: known + 5n, hash: '0x', timestamp: 0n },
      earlier: { markets, block: known },
      read: async ({ args }: { args: readonly [readonly Hex[]] }) => args[0].map(() => halves),
      tryRead: async () => null,
      usdPrices: async () => [],
      logs: (_: unknown, from: bigint, to: bigint) => {
        asked.push([from, to])
        return []
      },
    } as unknown as Context<MorphoBlueDeployment>
    const again = await readMarkets(context)
    expect(asked).toEqual([[known + 1n, known + 5n]])
    expect(again.idle.length).toBe(SPAM + 1)
    expect(earlier.read).toBe(0)
    expect(earlier.coverage.requests).toBeLessThanOrEqual(alone + 2)
  })

  test('one of them that comes to life is read from then on', async () => {
    const { idle } = (await scanLocal(morphoConfig(chain), db)).markets as MorphoBlueMarkets
    const { tokens } = chain
    const oracle = await deployFeedOracle(chain, 'WBTC', 'USDC', { base: 'BTC' })
    const params = { loanToken: tokens.USDC, collateralToken: tokens.WBTC, oracle, lltv: lltvOf(77) }
    const late = await createMarket(chain, params, 10n ** 12n)
    const asleep = await scanLocal(morphoConfig(chain), db)
    expect((asleep.markets as MorphoBlueMarkets).idle.length).toBe(idle.length + 1)
    const [second = ''] = await openMorphoPositions(chain, [
      { market: late, collateral: 10n ** 8n, borrow: 10n ** 9n },
    ])
    const awake = await scanLocal(morphoConfig(chain), db)
    expect((awake.markets as MorphoBlueMarkets).idle.length).toBe(idle.length)
    expect(awake.book('BTC').rows.map(({ id }) => id)).toContain(morphoKey(late, second))
    expect(awake.read).toBe(1)
  })
})

describe('the names of tokens that anyone may list', () => {
  const address = getAddress(`0x${'12'.repeat(20)}`)

  test.each([
    ['USDC', 'USDC'],
    ['USD₮0', 'USD₮0'],
    ['', '0x121212…'],
    [null, '0x121212…'],
    ['\u001b[31mUSDC\u001b[0m\n', '[31mUSDC[0m'],
    ['\u202eCDSU', 'CDSU'],
    ['A'.repeat(300), `${'A'.repeat(20)}…`],
  ])('%j is shown as %j', (given, shown) => {
    expect(plainSymbol(given, address)).toBe(shown)
  })

  test('an old token’s 32 bytes are a symbol, and one without decimals has none', async () => {
    const anvil = await startAnvil()
    try {
      const chain = await deployMorphoBlue(anvil)
      const old = await chain.deployer.deploy('MorphoBlueOldToken')
      const none = await chain.deployer.deploy('MorphoBlueOddOracle')
      const meter = newMeter()
      const rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, meter)
      expect(await readTokens(createReader(rpc, meter), [old, none])).toEqual({
        [old]: { symbol: 'OLD', decimals: 18 },
        [none]: { symbol: `${none.slice(0, 8)}…`, decimals: null },
      })
    } finally {
      await anvil.stop()
    }
  })
})
