import { getAddress, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askNatures, askOwners } from '../../src/engine/ask-links.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect, type PinnedRpc } from '../../src/sources/rpc.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { ownersDeployer, person } from '../helpers/linked-owners.ts'

let anvil: Anvil
let market: AaveMarket
let rpc: PinnedRpc
let named: Readonly<Record<string, string>>
const [X, Y] = [person(1), person(2)]

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
  const { deploy } = await ownersDeployer(anvil, market)
  const delegated = person(70)
  named = {
    safe: await deploy('SafeStandIn', [[Y, X], 2n]),
    owned: await deploy('OwnedStandIn', [X]),
    nobody: await deploy('OwnedStandIn', ['0x0000000000000000000000000000000000000000']),
    precompile: await deploy('OwnedStandIn', ['0x0000000000000000000000000000000000000009']),
    impossible: await deploy('SafeStandIn', [[X], 2n]),
    twice: await deploy('SafeStandIn', [[X, X], 1n]),
    chatty: await deploy('ChattyStandIn'),
    gateway: await deploy('GatewayStandIn'),
    pool: market.pool,
    person: X,
    delegated,
  }
  // an account that lets a contract act for it (EIP-7702)
  await anvil.rpc('anvil_setCode', [delegated, `0xef0100${(named.safe ?? '').slice(2)}`])
  rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, newMeter())
})
afterAll(() => anvil?.stop())

describe('who owns an address, and what it is', () => {
  const answers = async () => {
    const names = [
      'safe',
      'owned',
      'nobody',
      'precompile',
      'impossible',
      'twice',
      'chatty',
      'gateway',
      'pool',
      'person',
    ]
    const found = await askNatures(
      rpc,
      names.map((name) => named[name] ?? ''),
      newMeter(),
    )
    return Object.fromEntries(names.map((name, i) => [name, found[i]]))
  }

  test('Safes by their owners and threshold, others by their owner, at the pinned block', async () => {
    const found = await answers()
    const block = Number(rpc.block.number)
    expect(found.safe).toEqual({ address: named.safe, nature: 'safe', owners: [X, Y], threshold: 2, block })
    expect(found.owned).toMatchObject({ nature: 'contract', owners: [X], threshold: null })
    expect(found.gateway).toMatchObject({ nature: 'contract', owners: [getAddress(market.admin)] })
    expect(found.person).toMatchObject({ nature: 'account', owners: [], threshold: null })
    expect(found.pool).toMatchObject({ nature: 'contract', owners: [] })
  })

  test('answers that no owner could have given are none', async () => {
    const found = await answers()
    for (const name of ['nobody', 'precompile', 'impossible', 'twice', 'chatty'])
      expect(found[name], name).toMatchObject({ nature: 'contract', owners: [], threshold: null })
  })

  test('an account that delegates to a contract is still a person’s', async () => {
    const code = await anvil.rpc<string>('eth_getCode', [named.delegated, 'latest'])
    expect(code.startsWith('0xef0100')).toBe(true)
    const [found] = await askNatures(rpc, [person(70)], newMeter())
    expect(found?.nature).not.toBe('contract')
  })

  test('later blocks are not seen', async () => {
    await anvil.rpc('anvil_mine', ['0x1'])
    await anvil.rpc('anvil_setCode', [person(71), toHex('code')])
    const [found] = await askNatures(rpc, [person(71)], newMeter())
    expect(found?.nature).toBe('account')
  })

  test('many at once take few requests', async () => {
    const meter = newMeter()
    await askOwners(
      rpc,
      Array.from({ length: 2000 }, (_, i) => person(1000 + i)),
      meter,
    )
    expect(meter.requests).toBeLessThan(40)
  })
})
