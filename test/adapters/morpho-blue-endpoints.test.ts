import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  type MorphoChain,
  openMorphoPositions,
} from '../chain/morpho-blue.ts'
import {
  capGas,
  type Gateway,
  type Rule,
  refuseOverrides,
  startGateway,
  stripErrorData,
} from '../helpers/gateway.ts'
import { morphoConfig, morphoKey } from '../helpers/morpho-blue.ts'
import { placeMulticall3 } from '../helpers/multicall3.ts'
import { type Scanned, scanAfresh, sorted } from '../helpers/scanning.ts'

describe('Morpho Blue through endpoints of every kind', () => {
  let anvil: Anvil
  let chain: MorphoChain
  let direct: Scanned
  const gateways: Gateway[] = []

  /** WETH against USDC by this oracle. */
  const open = async (oracle: `0x${string}`, count: number) => {
    const { tokens } = chain
    const params = { loanToken: tokens.USDC, collateralToken: tokens.WETH, oracle, lltv: lltvOf(86) }
    const market = await createMarket(chain, params, 10n ** 15n)
    const plans = Array.from({ length: count }, (_, i) => ({
      market,
      collateral: 10n ** 18n,
      borrow: BigInt(1000 + i) * 10n ** 6n,
    }))
    const owners = await openMorphoPositions(chain, plans)
    return owners.map((owner) => morphoKey(market, owner))
  }
  const scanThrough = async (rules: readonly Rule[]): Promise<Scanned> => {
    const gateway = await startGateway(anvil.url, rules)
    gateways.push(gateway)
    return scanAfresh(morphoConfig(chain, { url: gateway.url }))
  }

  beforeAll(async () => {
    anvil = await startAnvil()
    chain = await deployMorphoBlue(anvil)
    await placeMulticall3(anvil, chain)
    await open(await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' }), 1500)
    direct = await scanAfresh(morphoConfig(chain))
  })
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop()
    await anvil?.stop()
  })

  test.each([
    ['refuses overrides', [refuseOverrides]],
    ['runs no program of ours', [refuseOverrides, stripErrorData]],
    ['allows little gas', [capGas(4_000_000)]],
  ] as const)('one that %s gives the same accounts and markets', async (_, rules) => {
    const scanned = await scanThrough([...rules])
    expect(sorted(scanned.accounts)).toEqual(sorted(direct.accounts))
    expect(scanned.markets).toEqual(direct.markets)
    expect(scanned.coverage).toMatchObject({ positions: 1500, debtCovered: 1 })
  })

  test('an oracle that burns all gas of an ordinary endpoint costs its own market only', async () => {
    const oracle = await chain.deployer.deploy('MorphoBlueOddOracle')
    await chain.deployer.send('MorphoBlueOddOracle', oracle, 'set', [3000n * 10n ** 24n, 0n])
    const [key] = await open(oracle, 1)
    await chain.deployer.send('MorphoBlueOddOracle', oracle, 'set', [0n, 2n])
    const scanned = await scanThrough([capGas(50_000_000)])
    expect(scanned.coverage).toMatchObject({ positions: 1501, unpriced: 1, debtCovered: 1 })
    const { rows } = scanned.book('ETH')
    expect(rows.filter(({ outcome }) => outcome === 'unpriced').map(({ id }) => id)).toEqual([key])
    expect(rows.filter(({ outcome }) => outcome === 'below').length).toBe(1500)
  })
})
