import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulation } from '../../src/core/documents.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { deployUniswapV3, openPool } from '../chain/uniswap-v3.ts'
import { configFor, liqbands, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { expectPlain, expectRefusal } from '../helpers/refusal.ts'

const cwd = temporaryFolder()
let anvil: Anvil
let market: AaveMarket
/** Liquidity of the first pool when it was scanned. */
let atScan: bigint
let pools: { readonly usdc: string; readonly dai: string; readonly empty: string; readonly staked: string }

const ranges = [
  { low: 1e-3, high: 1e7, usd: 2e6 },
  { low: 1500, high: 2500, usd: 2e7 },
]

const withPools = (configured: readonly string[], rpc = anvil.url) =>
  configFor(market, rpc, {
    drivers: { ETH: { chains: { local: { feeds: [market.reserves.WETH.feed], pools: configured } } } },
  })

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil, { ethUsd: 2000 })
  await openPositions(anvil, market, { count: 300, seed: 11, maxUsd: 3e6 })
  const uniswap = await deployUniswapV3(anvil)
  const { WETH, USDC, DAI } = market.reserves
  const token = ({ asset, decimals }: { asset: `0x${string}`; decimals: number }) => ({
    address: asset,
    decimals,
  })
  const plan = { driver: token(WETH), dollar: token(USDC), fee: 500, price: 2000, ranges }
  const usdc = await openPool(uniswap, plan)
  const dai = await openPool(uniswap, { ...plan, dollar: token(DAI), fee: 3000 })
  const empty = await openPool(uniswap, { ...plan, fee: 10_000, ranges: [] })
  const wstETH = token(market.reserves.wstETH)
  const staked = await openPool(uniswap, { ...plan, dollar: wstETH, price: 0.83, ranges: [] })
  pools = { usdc, dai, empty, staked }
  writeConfig(cwd, withPools([]))
  expect(await liqbands(['scan'], { cwd })).toMatchObject({ code: 0 })
  // what comes to a pool after the scan is none of its business
  const liquidity = () => uniswap.deployer.read<bigint>('UniswapV3Pool', usdc, 'liquidity')
  atScan = await liquidity()
  await openPool(uniswap, plan)
  expect(await liquidity()).toBe(2n * atScan)
})
afterAll(() => anvil?.stop())

const simulate = (...args: readonly string[]) => liqbands(['simulate', ...args], { cwd })
const json = async (...args: readonly string[]): Promise<Simulation> => {
  const run = await simulate('--json', ...args)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(run.stdout)
}

describe('an impact of the reader’s own', () => {
  test('is a table: of one figure, its half and its double stand beside it', async () => {
    const depths = (await json('--depth', '40M')).rows.map(({ depthUsd }) => depthUsd)
    expect(depths).toEqual([20e6, 40e6, 80e6])
    const sqrt = await json('--impact', 'sqrt', '--volume', '400M', '--volatility', '4%')
    expect(sqrt.rows.map(({ impact }) => impact)).toEqual(
      [200e6, 400e6, 800e6].map((volumeUsd) => ({ kind: 'sqrt', sigma: 0.04, volumeUsd })),
    )
    const product = await json('--impact', 'cp', '--reserve', '500M,1B')
    expect(product.rows.map(({ impact }) => impact)).toEqual(
      [5e8, 1e9].map((reserveUsd) => ({ kind: 'constant-product', reserveUsd })),
    )
    // (x / (x + Q))² = exp(−0.02)
    expect(product.rows[0]?.twoPercentUsd).toBeCloseTo(5e8 * (Math.exp(0.01) - 1), 0)
    expect(sqrt.rows[1]?.twoPercentUsd).toBeCloseTo(4e8 * (0.02 / 0.04) ** 2, 0)
  })

  test('none: what each shock liquidates by itself, and no depth', async () => {
    const { rows, pools: read } = await json('--impact', 'none', '--shock', '-20%')
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ depthUsd: null, twoPercentUsd: null, impact: { kind: 'none' } })
    const [result] = rows[0]?.results ?? []
    expect(result?.usd).toBe(result?.firstRoundUsd)
    expect(result?.finalPrice).toBe(result?.shockedPrice)
    expect(read).toEqual([])
  })
})

describe('the depth of Uniswap v3 pools', () => {
  test('is read at the scan’s block and shown once, twice and five times over', async () => {
    const named = ['--pool', pools.usdc, '--pool', `local/${pools.dai}`]
    const model = await json('--impact', 'v3', ...named)
    expect(model.rows.map(({ impact }) => impact)).toEqual(
      [1, 2, 5].map((multiple) => ({ kind: 'uniswap-v3', pools: 2, multiple })),
    )
    expect(model.pools.map(({ address }) => address)).toEqual([pools.usdc, pools.dai])
    expect(model.pools[0]?.liquidity).toBe(atScan.toString())
    // priced by the market of the scan itself
    expect(model.pools.map(({ quoteUsd, quoteUsdFrom }) => [quoteUsd, quoteUsdFrom])).toEqual([
      [1, 'oracle'],
      [1, 'oracle'],
    ])
    const depth = model.pools.reduce((sum, { depthUsd }) => sum + depthUsd, 0)
    const [once = 0, twice = 0] = model.rows.map(({ twoPercentUsd }) => twoPercentUsd ?? 0)
    expect(once / depth).toBeCloseTo(1, 2)
    expect(twice / once).toBeCloseTo(2, 9)
    for (const [i, { results }] of model.rows.entries())
      for (const [k, { finalPrice }] of results.entries())
        expect(finalPrice).toBeGreaterThanOrEqual(model.rows[i - 1]?.results[k]?.finalPrice ?? 0)
    expect(model.assumptions.join('\n')).toContain('centralised exchanges and other venues are missing')
  })

  test('--times takes other multiples, and one figure brings its half and its double', async () => {
    const { rows } = await json('--impact', 'v3', '--pool', pools.usdc, '--times', '10')
    expect(rows.map(({ impact }) => 'multiple' in impact && impact.multiple)).toEqual([5, 10, 20])
  })

  test('comes from the configuration where no pool is named', async () => {
    writeConfig(cwd, withPools([pools.dai, pools.empty]))
    const { pools: read, rows } = await json('--impact', 'v3')
    expect(read.map(({ address, note }) => [address, note])).toEqual([
      [pools.dai, null],
      [pools.empty, 'no liquidity below its price'],
    ])
    expect(rows[0]?.impact).toEqual({ kind: 'uniswap-v3', pools: 1, multiple: 1 })
    writeConfig(cwd, withPools([]))
  })

  test('as text fits 80 columns: the pools, what their depth leaves out, and that it is a model', async () => {
    const run = await simulate('--impact', 'v3', '--pool', `${pools.usdc},${pools.empty}`)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(run.stdout).toMatch(/^MODEL, not an observation/)
    expect(run.stdout).toMatch(/^POOLS +address .*2% depth/m)
    expect(run.stdout).toMatch(/^WETH\/USDC 0\.05% +0x/m)
    expect(run.stdout).toMatch(
      /^WETH\/USDC 1% \(0x\w{4}…\w{4}\) takes no part: no liquidity below its price$/m,
    )
    expect(run.stdout).toMatch(/^x1 +\$[\d.]+[kM] /m)
    expect(run.stdout.replace(/\s+/g, ' ')).toContain('exchanges off the chain are missing in it')
    expectPlain(run.stdout)
  })
})

describe('what cannot be simulated', () => {
  test('is told all at once', async () => {
    const args = ['--impact', 'sqrt', '--depth', '40M', '--shock', '15%', '--volatility', '400%']
    const run = await simulate(...args)
    expectRefusal(run, 1, /--depth goes with --impact depth, not with sqrt/)
    expect(run.stderr).toMatch(/--impact sqrt needs --volume, like 400M: no scan can know it/)
    expect(run.stderr).toMatch(/--shock '15%': expected falls between 0 and -100%/)
    expect(run.stderr).toMatch(/--volatility '400%': expected percent of a day up to 100, like 4%/)
  })

  test.each([
    [['--impact', 'v4'], /--impact.*'v4'.*depth, none, sqrt, cp, v3/s],
    [['--impact', 'cp'], /--impact cp needs --reserve, like 500M/],
    [['--pool', '0x12'], /--pool goes with --impact v3, not with depth/],
    [
      ['--impact', 'v3', '--pool', '0x12'],
      /--pool '0x12': expected the address of a pool, or CHAIN\/ADDRESS/,
    ],
    [['--impact', 'v3', '--times', '0'], /--times '0': expected multiples above 0, like 1,2,5/],
    [['--impact', 'v3'], /no Uniswap v3 pool of ETH is known on local: name one with --pool/],
    [['--impact', 'cp', '--reserve', '1,000'], /--reserve '1,000': expected amounts in USD above 0/],
  ] as const)('%j', async (args, says) => {
    expectRefusal(await simulate(...args), 1, says)
  })

  test('a pool against something that falls with the driver is refused', async () => {
    const run = await simulate('--impact', 'v3', '--pool', pools.staked)
    expectRefusal(run, 1, /^error: pool 0x\w{40} on local: its other token 0x\w{40} moves with ETH itself\n$/)
  })

  test('a pool without liquidity alone is said to have none', async () => {
    expectRefusal(await simulate('--impact', 'v3', '--pool', pools.empty), 1, /no liquidity below the price/)
  })

  test('an endpoint that does not answer: try later, and nothing is taken for a pool without depth', async () => {
    writeConfig(cwd, withPools([pools.usdc], 'http://127.0.0.1:1'), 'down.json')
    const run = await simulate(
      '--impact',
      'v3',
      '--config',
      'down.json',
      '--db',
      join(cwd, 'data/liqbands.db'),
    )
    expectRefusal(run, 75, /127\.0\.0\.1:1 is unreachable/)
  })
})
