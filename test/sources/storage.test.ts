import { type Address, type Hex, keccak256, numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import { readStorage } from '../../src/sources/storage.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { capGas, type Rule, refuseBlockHash, refuseOverrides, startGateway } from '../helpers/gateway.ts'

const FIRST: Address = '0x00000000000000000000000000000000A0000001'
const SECOND: Address = '0x00000000000000000000000000000000A0000002'

const slotOf = (n: number): Hex => keccak256(numberToHex(n, { size: 32 }))
const wordOf = (n: number): Hex => numberToHex(n + 1, { size: 32 })

/** More slots of one contract than one request carries. */
const COUNT = 4600

describe('storage words of contracts', () => {
  let anvil: Anvil

  beforeAll(async () => {
    anvil = await startAnvil()
    for (const address of [FIRST, SECOND]) {
      await anvil.rpc('anvil_setCode', [address, '0x600160005260206000f3'])
      for (const n of [0, 1, 2, 3999, 4000, 4599])
        await anvil.rpc('anvil_setStorageAt', [
          address,
          slotOf(n),
          wordOf(address === FIRST ? n : n + 10_000),
        ])
    }
    await anvil.rpc('anvil_mine', ['0x1'])
  })
  afterAll(() => anvil?.stop())

  const read = async (rules: readonly Rule[], asked: Parameters<typeof readStorage>[1]) => {
    const gateway = await startGateway(anvil.url, rules)
    try {
      const meter = newMeter()
      const chain = { chain: 'local', chainId: 31337, urls: [gateway.url], block: 'latest' as const }
      const rpc = await connect(chain, meter)
      return { words: await readStorage(rpc, asked, meter), requests: gateway.requests.length }
    } finally {
      await gateway.stop()
    }
  }

  const many = Array.from({ length: COUNT }, (_, n) => slotOf(n))

  test.each([
    ['by hash', []],
    ['by number', [refuseBlockHash]],
    ['where a request may burn little gas', [capGas(8_000_000)]],
  ] as const)('every word stands where it was asked for: %s', async (_, rules) => {
    const asked = [
      { address: FIRST, slots: many },
      { address: SECOND, slots: [slotOf(4599), slotOf(7)] },
    ]
    const { words } = await read([...rules], asked)
    const [first = [], second = []] = words ?? []
    expect(first).toHaveLength(COUNT)
    for (const n of [0, 1, 2, 3999, 4000, 4599]) expect(first[n]).toBe(wordOf(n))
    expect(first[5]).toBe(numberToHex(0, { size: 32 }))
    expect(second).toEqual([wordOf(14_599), numberToHex(0, { size: 32 })])
  })

  test('nothing asked is nothing read', async () => {
    expect((await read([], [])).words).toEqual([])
  })

  test('an endpoint that refuses overrides gives null, not zeros', async () => {
    const { words } = await read([refuseOverrides], [{ address: FIRST, slots: [slotOf(0)] }])
    expect(words).toBe(null)
  })
})
