import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  type Abi,
  type AbiEvent,
  type AbiFunction,
  type AbiParameter,
  toEventSelector,
  toFunctionSelector,
} from 'viem'
import { beforeAll, describe, expect, test } from 'vitest'
import * as aaveV3 from '../abis/aave-v3.ts'
import { compilePrograms } from '../scripts/compile.ts'
import { artifactIn, compileAave } from './chain/compile.ts'

const require = createRequire(import.meta.url)

const coreV3 = (path: string): Abi =>
  JSON.parse(readFileSync(require.resolve(`@aave/core-v3/artifacts/contracts/${path}`), 'utf8')).abi

/** Types alone, whatever the names: what encoding and decoding depend on. */
const typeOf = (parameter: AbiParameter): string =>
  'components' in parameter && parameter.type.startsWith('tuple')
    ? `(${parameter.components.map(typeOf).join(',')})${parameter.type.slice('tuple'.length)}`
    : parameter.type

const functionShape = (item: AbiFunction): string =>
  `${toFunctionSelector(item)} ${item.name}(${item.inputs.map(typeOf)}) → ${item.outputs.map(typeOf)}`

const eventShape = (item: AbiEvent): string =>
  `${toEventSelector(item)} ${item.name}(${item.inputs.map((p) => `${typeOf(p)}${p.indexed ? ' indexed' : ''}`)})`

const shapesOf = (abi: Abi): readonly string[] =>
  abi.flatMap((item) =>
    item.type === 'function' ? [functionShape(item)] : item.type === 'event' ? [eventShape(item)] : [],
  )

describe('abis/aave-v3.ts is what the packages of Aave say', () => {
  let v36: (name: string) => readonly string[]
  const v302 = {
    pool: shapesOf(coreV3('protocol/pool/Pool.sol/Pool.json')),
    provider: shapesOf(coreV3('protocol/configuration/PoolAddressesProvider.sol/PoolAddressesProvider.json')),
    oracle: shapesOf(coreV3('misc/AaveOracle.sol/AaveOracle.json')),
    aToken: shapesOf(coreV3('protocol/tokenization/AToken.sol/AToken.json')),
    debtToken: shapesOf(coreV3('protocol/tokenization/VariableDebtToken.sol/VariableDebtToken.json')),
  }

  beforeAll(async () => {
    const artifactOf = artifactIn(await compileAave())
    v36 = (name) => shapesOf(artifactOf(name).abi)
  })

  const missing = (ours: Abi, theirs: readonly string[]) =>
    shapesOf(ours)
      .filter((shape) => !theirs.includes(shape))
      .map((shape) => shape.split(' ')[1]?.split('(')[0])

  test('the Pool', () => {
    expect(shapesOf(aaveV3.aaveV3PoolAbi).length).toBeGreaterThan(10)
    expect(missing(aaveV3.aaveV3PoolAbi, v36('PoolInstance'))).toEqual([])
    // what came with grace periods and liquid e-modes, and nothing else
    expect(missing(aaveV3.aaveV3PoolAbi, v302.pool)).toEqual([
      'getLiquidationGracePeriod',
      'getEModeCategoryCollateralConfig',
      'getEModeCategoryCollateralBitmap',
    ])
  })

  test('the provider, the oracle and the tokens, of both', () => {
    for (const provider of [v36('PoolAddressesProvider'), v302.provider])
      expect(missing(aaveV3.aaveV3ProviderAbi, provider)).toEqual([])
    for (const oracle of [v36('AaveOracle'), v302.oracle])
      expect(missing(aaveV3.aaveV3OracleAbi, oracle)).toEqual([])
    for (const token of [
      v36('ATokenInstance'),
      v36('VariableDebtTokenInstance'),
      v302.aToken,
      v302.debtToken,
    ])
      expect(missing(aaveV3.aaveV3TokenAbi, token)).toEqual([])
  })

  test('the events: topics and which fields are indexed', () => {
    expect(missing(aaveV3.aaveV3EventsAbi, [...v36('PoolInstance'), ...v36('ATokenInstance')])).toEqual([
      'SwapBorrowRateMode',
      'RebalanceStableBorrowRate',
    ])
    expect(missing(aaveV3.aaveV3EventsAbi, [...v302.pool, ...v302.aToken])).toEqual(['DeficitCreated'])
  })
})

test('abis/programs.ts is what abis/*.sol compile to', () => {
  expect(readFileSync(new URL('../abis/programs.ts', import.meta.url), 'utf8')).toBe(compilePrograms())
})
