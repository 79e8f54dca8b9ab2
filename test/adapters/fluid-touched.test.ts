import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import { startAnvil } from '../chain/anvil.ts'
import { deployFluid, type FluidChain, fluidActions, openFluid, type VaultOnChain } from '../chain/fluid.ts'
import { fluidConfig, limitOf, ownerOf } from '../helpers/fluid.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

type Fluid = {
  readonly chain: FluidChain
  readonly vault: VaultOnChain
  readonly act: ReturnType<typeof fluidActions>
  readonly limit: number
}
type Step = readonly [what: string, run: (fluid: Fluid) => Promise<unknown>, changed: readonly string[]]

const UNIT = 10n ** 18n
const [ALICE, BOB] = [ownerOf(1), ownerOf(2)] as [Address, Address]

const smartOf = ({ vaults }: FluidChain): VaultOnChain => {
  const [, smart] = vaults
  if (!smart) throw new Error('no vault on shares was deployed')
  return smart
}

const open = ({ chain, vault }: Fluid, owner: Address, tick: number | null) =>
  openFluid(chain, vault, [{ owner, tick, supply: 10n * UNIT, dust: 5n }])

/** Ids go on from the four that were there first. */
const STEPS: readonly Step[] = [
  ['a new position', (fluid) => open(fluid, ALICE, fluid.limit - 50), ['5']],
  ['one that only supplies', (fluid) => open(fluid, BOB, null), ['6']],
  [
    'a liquidation, whose log names no position: all on the tick stand elsewhere',
    ({ act, limit }) => act.liquidateTick(limit - 50, limit - 90, 0.7, 2n ** 29n),
    ['5'],
  ],
  [
    'a new one on that tick, under an id of its own: the one that was liquidated there stays where it is',
    (fluid) => open(fluid, BOB, fluid.limit - 50),
    ['7'],
  ],
  [
    'all of a tick’s debt and collateral taken',
    ({ act, limit }) => act.liquidateTick(limit - 20, 0, 0, 0n),
    ['1'],
  ],
  [
    'a new one in a vault on shares of a DEX',
    ({ chain }) => openFluid(chain, smartOf(chain), [{ owner: ALICE, tick: -300, supply: UNIT, dust: 0n }]),
    ['8'],
  ],
  ['a position handed on to another owner', ({ act }) => act.transfer(2, BOB), ['2']],
]

describe('a second scan of Fluid sees what changed, however it changed (stand-in)', () => {
  let fluid: Fluid
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    const chain = await deployFluid(await startAnvil(), [
      {
        supply: 'native',
        borrow: 'USDC',
        threshold: 870,
        penalty: 300,
        exchangePrices: [1_034_567_890_123n, 1_087_654_321_098n],
      },
      {
        supply: 'WETH-USDC',
        borrow: 'WETH-USDC',
        shape: { over: 'ETH', product: 3000, debtMoving: 1, debtStill: 3000 },
        threshold: 900,
        penalty: 200,
        exchangePrices: [1_000_000_000_000n, 1_002_000_000_000n],
      },
    ])
    const [vault] = chain.vaults
    if (!vault) throw new Error('no vault was deployed')
    fluid = { chain, vault, act: fluidActions(chain, vault), limit: limitOf(vault.spec) }
    for (const under of [20, 120, 300, 500]) await open(fluid, ownerOf(under), fluid.limit - under)
    config = fluidConfig(chain)
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => fluid?.chain.anvil.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    const before = last
    await run(fluid)
    last = await scanLocal(config, db)
    const fresh = await scanAfresh(config)
    expect(sorted(last.accounts)).toEqual(sorted(fresh.accounts))
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    const different = [...last.accounts].filter(
      ([key, account]) => JSON.stringify(account, text) !== JSON.stringify(before.accounts.get(key), text),
    )
    expect(different.map(([key]) => key)).toEqual(changed)
  })
})

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)
