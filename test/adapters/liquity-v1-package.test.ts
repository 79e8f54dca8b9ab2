import { readFileSync } from 'node:fs'
import { type Abi, getAddress, toEventSelector, toFunctionSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import * as abis from '../../abis/liquity-v1.ts'
import { liquityV1 } from '../../src/adapters/liquity-v1.ts'
import { liquityV1Deployments } from '../../src/adapters/liquity-v1-deployments.ts'
import { packageFile } from '../helpers/package-file.ts'

const PACKAGE = '@liquity/lib-ethers@3.4.0'
const read = (path: string) => JSON.parse(readFileSync(packageFile(PACKAGE, path), 'utf8'))
const abiOf = (name: string): Abi => read(`abi/${name}.json`)

/** Selector and the types of what is answered: all that a call depends on. */
const shapesOf = (abi: Abi): readonly string[] =>
  abi.flatMap((item) => {
    if (item.type === 'function')
      return [`${toFunctionSelector(item)} ${item.name} → ${item.outputs.map(({ type }) => type)}`]
    return item.type === 'event'
      ? [`${toEventSelector(item)} ${item.name} ${item.inputs.map(({ indexed }) => indexed === true)}`]
      : []
  })

describe(`Liquity V1 as ${PACKAGE} has it`, () => {
  test.each([
    ['TroveManager', abis.troveManagerV1Abi],
    ['TroveManager', abis.troveEventsV1Abi],
    ['BorrowerOperations', abis.troveEventsV1Abi],
    ['StabilityPool', abis.stabilityPoolV1Abi],
    ['PriceFeed', abis.priceFeedV1Abi],
    ['PriceFeed', abis.priceFeedStateV1Abi],
    ['LUSDToken', abis.lusdAbi],
  ] as const)('%s: what is called', (name, abi) => {
    expect(shapesOf(abiOf(name))).toEqual(expect.arrayContaining([...shapesOf(abi as Abi)]))
  })

  test('the deployed pool has no getMaxAmountToOffset: what it holds is what a liquidation can burn', () => {
    const deployed = shapesOf(abiOf('StabilityPool'))
    for (const shape of shapesOf(abis.stabilityPoolAuditedAbi)) expect(deployed).not.toContain(shape)
  })

  test('the deployment on Ethereum', () => {
    const { addresses, startBlock, chainId } = read('deployments/default/mainnet.json')
    const { troveManager, fromBlock } = liquityV1Deployments['ethereum/lusd']
    expect({ troveManager, fromBlock }).toEqual({
      troveManager: getAddress(addresses.troveManager),
      fromBlock: startBlock,
    })
    expect(chainId).toBe(1)
    expect(liquityV1.parseDeployment(liquityV1Deployments['ethereum/lusd']).fromBlock).toBe(12_178_551n)
  })
})
