import { readFileSync } from 'node:fs'
import type { Abi, AbiParameter } from 'viem'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  curveAmmAbi,
  curveControllerAbi,
  curveLendFactoryAbi,
  curveLendFactoryV2Abi,
  curveMintFactoryAbi,
} from '../../abis/curve.ts'
import { curve } from '../../src/adapters/curve.ts'
import { curveDeployments } from '../../src/adapters/curve-deployments.ts'
import { knownChainId } from '../../src/config.ts'
import { packageFile } from '../helpers/package-file.ts'

const textOf = (path: string): string =>
  readFileSync(packageFile('@curvefi/llamalend-api@2.5.2', `lib/${path}`), 'utf8')

const chains = ['ethereum', 'arbitrum', 'optimism'] as const

/** The factory that the package names for a chain, in lower case; null where it has none. */
const published = (chain: (typeof chains)[number], alias: string): string | null => {
  const text = textOf('constants/aliases.js')
  const [, block = ''] = new RegExp(`ALIASES_${chain.toUpperCase()} = (.*?)\\}\\)`, 's').exec(text) ?? []
  return new RegExp(`"${alias}": "(0x[0-9a-fA-F]{40})"`).exec(block)?.[1]?.toLowerCase() ?? null
}

const ours = (key: string): string | null =>
  Object.entries(curveDeployments)
    .find(([name]) => name === key)?.[1]
    .factory.toLowerCase() ?? null

describe('the factories are those of the team’s own package', () => {
  test.each(chains)('LlamaLend on %s, v1 and v2', (chain) => {
    expect(published(chain, 'one_way_factory')).not.toBeNull()
    expect(ours(`${chain}/lend`)).toBe(published(chain, 'one_way_factory'))
    expect(ours(`${chain}/lend-v2`)).toBe(published(chain, 'one_way_factory_v2'))
  })

  test('crvUSD mint markets', () => {
    const [, factory = ''] = /FACTORY: "(0x[0-9a-fA-F]{40})"/.exec(textOf('llamalend.js')) ?? []
    expect(ours('ethereum/mint')).toBe(factory.toLowerCase())
  })

  test('each is a deployment on a chain that has a name', () => {
    for (const [key, deployment] of Object.entries(curveDeployments)) {
      expect(curve.parseDeployment(deployment)).toEqual({ ...deployment, fromBlock: 0n })
      expect(knownChainId(key.split('/')[0] ?? '')).not.toBeNull()
    }
  })
})

const parameter = z.looseObject({ type: z.string() })
const functionSchema = z.looseObject({
  type: z.literal('function'),
  name: z.string(),
  inputs: z.array(parameter),
  outputs: z.array(parameter),
})

const typeOf = (given: object): string => {
  const { type, components } = given as AbiParameter & { readonly components?: readonly AbiParameter[] }
  return components ? `(${components.map(typeOf).join(',')})${type.slice('tuple'.length)}` : type
}

/** Functions as `name(inputs) → outputs`. */
const signaturesOf = (abi: readonly object[]): readonly string[] =>
  abi.flatMap((item) => {
    const { success, data } = functionSchema.safeParse(item)
    if (!success) return []
    const list = (parameters: readonly object[]) => parameters.map(typeOf).join(',')
    return [`${data.name}(${list(data.inputs)}) → ${list(data.outputs)}`]
  })

const ABIS: readonly (readonly [file: string, ours: Abi])[] = [
  ['crvUSD/Factory.json', curveMintFactoryAbi],
  ['OneWayLendingFactoryABI.json', curveLendFactoryAbi],
  ['OneWayLendingFactoryV2ABI.json', curveLendFactoryV2Abi],
  ['crvUSD/controller.json', curveControllerAbi],
  ['crvUSD/controller_v2.json', curveControllerAbi],
  ['Controller.json', curveControllerAbi],
  ['ControllerV2.json', curveControllerAbi],
  ['crvUSD/llamma.json', curveAmmAbi],
  ['Llamma.json', curveAmmAbi],
]

test.each(ABIS)('every function that is called is in the team’s %s, with the same types', (file, abi) => {
  const theirs = new Set(signaturesOf(JSON.parse(textOf(`constants/abis/${file}`))))
  const called = signaturesOf(abi)
  expect(called.length).toBeGreaterThan(1)
  expect(called.filter((signature) => !theirs.has(signature))).toEqual([])
})
