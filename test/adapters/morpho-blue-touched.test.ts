import { type Address, getAddress, type Hex, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { morphoBlue } from '../../src/adapters/morpho-blue.ts'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import { mine } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  asMorphoUser,
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  giveMorphoTokens,
  lltvOf,
  type MarketParams,
  type MorphoChain,
  marketId,
  openMorphoPositions,
} from '../chain/morpho-blue.ts'
import { morphoConfig, morphoKey } from '../helpers/morpho-blue.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0xb10e0000 + n).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL, DAVE] = [account(1), account(2), account(3), account(4)]

const wad = (amount: number): bigint => BigInt(Math.round(amount * 1e6)) * 10n ** 12n
const usdc = (amount: number): bigint => BigInt(Math.round(amount * 1e6))

type World = { readonly chain: MorphoChain; readonly main: MarketParams; readonly side: MarketParams }
type Step = readonly [
  what: string,
  run: (world: World) => Promise<unknown>,
  /** The keys whose stored state it changes, among those that have ever borrowed. */
  changed: (world: World) => readonly string[],
]

const inMain =
  (...owners: readonly Address[]) =>
  ({ main }: World) =>
    owners.map((owner) => morphoKey(marketId(main), owner))

const supply = async (
  { chain }: World,
  params: MarketParams,
  { by, of, amount }: { readonly by: Address; readonly of: Address; readonly amount: bigint },
) => {
  await giveMorphoTokens(chain, { to: by, token: params.collateralToken, amount })
  await asMorphoUser(chain, by, 'supplyCollateral', [params, amount, of, '0x'])
}

const repay = async (
  { chain }: World,
  params: MarketParams,
  {
    by,
    of,
    assets = 0n,
    shares = 0n,
  }: { readonly by: Address; readonly of: Address; readonly assets?: bigint; readonly shares?: bigint },
) => {
  await giveMorphoTokens(chain, { to: by, token: params.loanToken, amount: 10n ** 30n })
  await asMorphoUser(chain, by, 'repay', [params, assets, shares, of, '0x'])
}

const sharesOf = async ({ chain }: World, params: MarketParams, owner: Address): Promise<bigint> => {
  const [, shares = 0n] = await chain.deployer.read<readonly bigint[]>('Morpho', chain.morpho, 'position', [
    marketId(params),
    owner,
  ])
  return shares
}

const setEth = ({ chain }: World, usd: number) =>
  chain.deployer.send('MorphoBlueNamedFeed', chain.feeds.ETH, 'set', [BigInt(Math.round(usd * 1e8))])

const liquidate = async (
  { chain }: World,
  params: MarketParams,
  {
    of,
    seized = 0n,
    shares = 0n,
  }: { readonly of: Address; readonly seized?: bigint; readonly shares?: bigint },
) => {
  await giveMorphoTokens(chain, { to: DAVE, token: params.loanToken, amount: 10n ** 30n })
  await asMorphoUser(chain, DAVE, 'liquidate', [params, of, seized, shares, '0x'])
}

/** Every way in which Morpho changes what it stores of a borrower, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  [
    'a first loan, of an account whose collateral lay there before',
    async (world) => {
      await supply(world, world.main, { by: ALICE, of: ALICE, amount: wad(10) })
      await asMorphoUser(world.chain, ALICE, 'borrow', [world.main, usdc(8000), 0n, ALICE, ALICE])
    },
    inMain(ALICE),
  ],
  [
    'a loan drawn by a manager on its behalf, and sent elsewhere',
    async (world) => {
      await supply(world, world.main, { by: DAVE, of: CAROL, amount: wad(5) })
      await asMorphoUser(world.chain, CAROL, 'setAuthorization', [BOB, true])
      await asMorphoUser(world.chain, BOB, 'borrow', [world.main, usdc(3000), 0n, CAROL, DAVE])
    },
    inMain(CAROL),
  ],
  [
    'another loan of a known account, in shares',
    (world) => asMorphoUser(world.chain, ALICE, 'borrow', [world.main, 0n, usdc(10) * 10n ** 6n, ALICE, BOB]),
    inMain(ALICE),
  ],
  [
    'collateral from a stranger',
    (world) => supply(world, world.main, { by: DAVE, of: ALICE, amount: wad(0.5) }),
    inMain(ALICE),
  ],
  [
    'collateral withdrawn by a manager to another address',
    (world) => asMorphoUser(world.chain, BOB, 'withdrawCollateral', [world.main, wad(1), CAROL, DAVE]),
    inMain(CAROL),
  ],
  [
    'a repayment by a stranger',
    (world) => repay(world, world.main, { by: BOB, of: ALICE, assets: usdc(500) }),
    inMain(ALICE),
  ],
  [
    'a repayment in shares',
    (world) => repay(world, world.main, { by: ALICE, of: ALICE, shares: 10n ** 12n }),
    inMain(ALICE),
  ],
  [
    'a loan of the same owner in another market, which is another account',
    async (world) => {
      await supply(world, world.side, { by: ALICE, of: ALICE, amount: usdc(9000) })
      await asMorphoUser(world.chain, ALICE, 'borrow', [world.side, wad(1), 0n, ALICE, ALICE])
    },
    ({ side }) => [morphoKey(marketId(side), ALICE)],
  ],
  [
    'a market that did not exist at the last scan, and a loan in it',
    async (world) => {
      const fresh = { ...world.main, lltv: lltvOf(91.5) }
      await createMarket(world.chain, fresh, usdc(1e6))
      await supply(world, fresh, { by: BOB, of: BOB, amount: wad(2) })
      await asMorphoUser(world.chain, BOB, 'borrow', [fresh, usdc(1000), 0n, BOB, BOB])
    },
    ({ main }) => [morphoKey(marketId({ ...main, lltv: lltvOf(91.5) }), BOB)],
  ],
  [
    'interest booked by anyone changes markets only',
    async (world) => {
      await mine(world.chain.anvil, 1, 86_400)
      await asMorphoUser(world.chain, DAVE, 'accrueInterest', [world.main])
    },
    () => [],
  ],
  [
    'a fee, whose recipient borrows as well',
    async (world) => {
      const { chain, main } = world
      await chain.deployer.send('Morpho', chain.morpho, 'setFeeRecipient', [ALICE])
      await chain.deployer.send('Morpho', chain.morpho, 'setFee', [main, 10n ** 17n])
      await mine(chain.anvil, 1, 86_400)
      await asMorphoUser(chain, DAVE, 'accrueInterest', [main])
    },
    () => [],
  ],
  [
    'a liquidation by shares',
    async (world) => {
      await setEth(world, 820)
      await liquidate(world, world.main, { of: ALICE, shares: usdc(1000) * 10n ** 6n })
    },
    inMain(ALICE),
  ],
  [
    'a liquidation by collateral',
    (world) => liquidate(world, world.main, { of: ALICE, seized: wad(0.3) }),
    inMain(ALICE),
  ],
  [
    'a liquidation that leaves bad debt, which the lenders bear',
    async (world) => {
      await setEth(world, 300)
      const { collateral } = await stored(world, CAROL)
      await liquidate(world, world.main, { of: CAROL, seized: collateral })
    },
    inMain(CAROL),
  ],
  [
    'a liquidation that leaves one raw unit of collateral',
    async (world) => {
      const { collateral } = await stored(world, ALICE)
      await liquidate(world, world.main, { of: ALICE, seized: collateral - 1n })
      await setEth(world, 3000)
    },
    inMain(ALICE),
  ],
  [
    'a second loan in its other market',
    async (world) => {
      await supply(world, world.side, { by: BOB, of: BOB, amount: usdc(9000) })
      await asMorphoUser(world.chain, BOB, 'borrow', [world.side, wad(1), 0n, BOB, BOB])
    },
    ({ side }) => [morphoKey(marketId(side), BOB)],
  ],
  [
    'a loan repaid to the last share',
    async (world) => {
      const shares = await sharesOf(world, world.side, ALICE)
      await repay(world, world.side, { by: ALICE, of: ALICE, shares })
    },
    ({ side }) => [morphoKey(marketId(side), ALICE)],
  ],
  [
    'the last loan of a market, which no later scan reads any more',
    async (world) => {
      const shares = await sharesOf(world, world.side, BOB)
      await repay(world, world.side, { by: BOB, of: BOB, shares })
    },
    ({ side }) => [morphoKey(marketId(side), BOB)],
  ],
  [
    'collateral withdrawn by an account without debt',
    (world) => asMorphoUser(world.chain, ALICE, 'withdrawCollateral', [world.side, usdc(4000), ALICE, BOB]),
    ({ side }) => [morphoKey(marketId(side), ALICE)],
  ],
  [
    'and a new loan of it',
    (world) => asMorphoUser(world.chain, ALICE, 'borrow', [world.side, wad(0.5), 0n, ALICE, ALICE]),
    ({ side }) => [morphoKey(marketId(side), ALICE)],
  ],
]

const stored = async ({ chain, main }: World, owner: Address): Promise<{ readonly collateral: bigint }> => {
  const [, , collateral = 0n] = await chain.deployer.read<readonly bigint[]>(
    'Morpho',
    chain.morpho,
    'position',
    [marketId(main), owner],
  )
  return { collateral }
}

describe('what changed since the last scan, Morpho Blue 1.0.0', () => {
  let anvil: Anvil
  let world: World
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    anvil = await startAnvil()
    const chain = await deployMorphoBlue(anvil)
    const { tokens, irm } = chain
    const main = {
      loanToken: tokens.USDC,
      collateralToken: tokens.WETH,
      oracle: await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' }),
      irm,
      lltv: lltvOf(86),
    }
    const side = {
      loanToken: tokens.WETH,
      collateralToken: tokens.USDC,
      oracle: await deployFeedOracle(chain, 'USDC', 'WETH', { base: 'USDC', quote: 'ETH' }),
      irm,
      lltv: lltvOf(86),
    }
    world = { chain, main, side }
    const id = await createMarket(chain, main, usdc(10_000_000))
    await createMarket(chain, side, wad(10_000))
    await createMarket(chain, { ...main, irm: zeroAddress, lltv: lltvOf(77) }, 0n)
    // far from any price of these tests
    const plans = Array.from({ length: 60 }, (_, i) => ({
      market: id,
      collateral: wad(100 + i),
      borrow: usdc(1000 + i),
    }))
    await openMorphoPositions(chain, plans)
    config = morphoConfig(chain)
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => anvil?.stop())

  const expectCaughtUp = async (changed: readonly string[]): Promise<void> => {
    const before = last.accounts
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    expect(sorted(last.accounts)).toEqual(sorted(afresh.accounts))
    expect(last.markets).toEqual(afresh.markets)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    expect(last.read).toBeLessThan(afresh.read / 4)
    // the step did change them, or it would prove nothing
    for (const key of changed) expect(last.accounts.get(key)).not.toEqual(before.get(key))
    const others = [...before].filter(([key]) => !changed.includes(key))
    for (const [key, state] of others) expect(last.accounts.get(key)).toEqual(state)
  }

  test.each(STEPS)('%s', async (_, run, changed) => {
    await run(world)
    await expectCaughtUp(changed(world))
  })

  test('the stored state is what the public getter says', async () => {
    const [market, owner] = [marketId(world.main), ALICE]
    const [, borrowShares, collateral] = await world.chain.deployer.read<readonly bigint[]>(
      'Morpho',
      world.chain.morpho,
      'position',
      [market, owner],
    )
    expect(last.accounts.get(morphoKey(market, owner))).toEqual({
      market,
      borrowShares,
      collateral,
      tokens: { loan: world.main.loanToken, collateral: world.main.collateralToken },
    })
    expect(borrowShares).toBeGreaterThan(0n)
  })

  test('nothing: no account is read, in twelve requests at most', async () => {
    await mine(anvil, 5)
    const again = await scanLocal(config, db)
    expect(again.read).toBe(0)
    expect(again.coverage.requests).toBeLessThanOrEqual(12)
    expect(again.accounts).toEqual(last.accounts)
  })

  test('an earlier block after a later one reads what was true then, markets included', async () => {
    const { number = 0 } = last.stored.blocks[0] ?? {}
    const fresh = { ...world.main, lltv: lltvOf(94.5) }
    await createMarket(world.chain, fresh, usdc(1e6))
    await supply(world, fresh, { by: BOB, of: BOB, amount: wad(2) })
    await asMorphoUser(world.chain, BOB, 'borrow', [fresh, usdc(1000), 0n, BOB, BOB])
    const now = await scanLocal(config, db)
    const back = await scanLocal(config, db, { block: BigInt(number ?? 0) })
    expect(sorted(back.accounts).filter(([, state]) => morphoBlue.hasDebt(state as never))).toEqual(
      sorted(last.accounts).filter(([, state]) => morphoBlue.hasDebt(state as never)),
    )
    expect(back.markets).toEqual(last.markets)
    await mine(anvil, 1)
    const again = await scanLocal(config, db)
    expect(sorted(again.accounts)).toEqual(sorted(now.accounts))
    expect(again.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    const ids = (scanned: Scanned) =>
      Object.keys((scanned.markets as { markets: Record<Hex, unknown> }).markets)
    expect(ids(again).toSorted()).toEqual(ids(now).toSorted())
  })
})
