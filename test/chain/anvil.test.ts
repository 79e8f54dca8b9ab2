import { expect, test } from 'vitest'
import { startAnvil } from './anvil.ts'

test('a port that is taken is an error, and stopping frees it', async () => {
  const first = await startAnvil()
  await expect(startAnvil({ port: first.port })).rejects.toThrow('anvil exited')
  await first.stop()
  await first.stop()
  const second = await startAnvil({ port: first.port })
  expect(second.port).toBe(first.port)
  await second.stop()
  await expect(second.rpc('eth_chainId')).rejects.toThrow()
})

test('blocks are one second apart, whatever the clock says', async () => {
  const anvil = await startAnvil()
  const timestamp = async () => {
    const block = await anvil.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false])
    return Number(block.timestamp)
  }
  try {
    const before = await timestamp()
    await anvil.rpc('evm_mine')
    await anvil.rpc('evm_mine')
    expect(await timestamp()).toBe(before + 2)
  } finally {
    await anvil.stop()
  }
})

test('an error carries what the node said', async () => {
  const anvil = await startAnvil()
  try {
    await expect(anvil.rpc('eth_nonsense')).rejects.toMatchObject({ code: -32601 })
  } finally {
    await anvil.stop()
  }
})
