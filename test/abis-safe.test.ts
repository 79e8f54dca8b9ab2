import { toFunctionSelector } from 'viem'
import { expect, test } from 'vitest'
import { ownableAbi, safeAbi } from '../abis/safe.ts'
import { artifactIn, compileAave, compileOwn } from './chain/compile.ts'

const selectorsIn = (abi: readonly { readonly type: string }[]): readonly string[] =>
  abi.flatMap((item) => (item.type === 'function' ? [toFunctionSelector(item as never)] : []))

test('abis/safe.ts: owner() is that of OpenZeppelin’s Ownable, the rest what the stand-in of a Safe answers', async () => {
  const [aave, own] = await Promise.all([compileAave(), compileOwn()])
  const artifactOf = artifactIn({ ...aave, ...own })
  // the provider of Aave inherits Ownable
  expect(selectorsIn(artifactOf('PoolAddressesProvider').abi)).toEqual(
    expect.arrayContaining([...selectorsIn(ownableAbi)]),
  )
  expect(selectorsIn(artifactOf('SafeStandIn').abi)).toEqual(
    expect.arrayContaining([...selectorsIn(safeAbi)]),
  )
})
