import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as avalanche from '@aave-dao/aave-address-book/AaveV2Avalanche'
import * as ethereum from '@aave-dao/aave-address-book/AaveV2Ethereum'
import * as amm from '@aave-dao/aave-address-book/AaveV2EthereumAMM'
import * as polygon from '@aave-dao/aave-address-book/AaveV2Polygon'
import { type Abi, type AbiParameter, getAddress, toEventSelector, toFunctionSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { aaveStableDebtAbi } from '../../abis/aave-stable-debt.ts'
import { aaveV2EventsAbi, aaveV2OracleAbi, aaveV2PoolAbi, aaveV2ProviderAbi } from '../../abis/aave-v2.ts'
import { aaveV3PoolAbi, aaveV3TokenAbi } from '../../abis/aave-v3.ts'
import { aaveV2 } from '../../src/adapters/aave-v2.ts'
import { aaveV2Deployments, WHOLE_DEBT_MANAGERS } from '../../src/adapters/aave-v2-deployments.ts'
import { spark } from '../../src/adapters/spark.ts'
import { sparkDeployments } from '../../src/adapters/spark-deployments.ts'
import { knownChainId } from '../../src/config.ts'
import { packageFile } from '../helpers/package-file.ts'

const BOOK = {
  'ethereum/core': ethereum,
  'ethereum/amm': amm,
  'polygon/core': polygon,
  'avalanche/core': avalanche,
}

describe('deployments', () => {
  test('the markets of the address book, each on its chain', () => {
    expect(Object.keys(aaveV2Deployments)).toEqual(Object.keys(BOOK))
    for (const [key, book] of Object.entries(BOOK)) {
      const { pool, poolAddressesProvider, fromBlock } = aaveV2Deployments[key as keyof typeof BOOK]
      expect([key, pool, poolAddressesProvider]).toEqual([
        key,
        getAddress(book.POOL),
        getAddress(book.POOL_ADDRESSES_PROVIDER),
      ])
      expect(book.CHAIN_ID).toBe(knownChainId(key.split('/')[0] ?? ''))
      expect(fromBlock).toBeGreaterThan(0)
      expect(aaveV2.parseDeployment(aaveV2.deployments[key])).toMatchObject({ fromBlock: BigInt(fromBlock) })
    }
  })

  test('the collateral managers of the wind-down are the ones that the address book has now', () => {
    const managers = Object.values(BOOK).map((book) => getAddress(book.LENDING_POOL_COLLATERAL_MANAGER))
    expect([...WHOLE_DEBT_MANAGERS].sort()).toEqual(managers.sort())
  })

  test('SparkLend is where another team’s package has it', () => {
    const text = readFileSync(packageFile('@oasisdex/addresses@0.1.92', 'lib/index.js'), 'utf8').toLowerCase()
    const { pool, poolAddressesProvider } = sparkDeployments['ethereum/main']
    expect(text).toContain(pool.toLowerCase())
    expect([pool, poolAddressesProvider]).toEqual([getAddress(pool), getAddress(poolAddressesProvider)])
    expect(spark.parseDeployment(spark.deployments['ethereum/main']).fromBlock).toBe(16776389n)
  })
})

describe('what is called and read is what the packages say', () => {
  const typeOf = (parameter: AbiParameter): string =>
    'components' in parameter && parameter.type.startsWith('tuple')
      ? `(${parameter.components.map(typeOf).join(',')})`
      : parameter.type
  const shapesOf = (abi: Abi): readonly string[] =>
    abi.flatMap((item) =>
      item.type === 'function'
        ? [`${toFunctionSelector(item)} ${item.name} → ${item.outputs.map(typeOf)}`]
        : item.type === 'event'
          ? [`${toEventSelector(item)} ${item.name} ${item.inputs.map(({ indexed }) => indexed === true)}`]
          : [],
    )
  const v2 = (file: string) =>
    shapesOf(
      JSON.parse(readFileSync(packageFile('@aave/protocol-v2@1.0.1', `artifacts/contracts/${file}`), 'utf8'))
        .abi,
    )
  const coreV3 = (file: string) =>
    shapesOf(
      JSON.parse(
        readFileSync(
          createRequire(import.meta.url).resolve(`@aave/core-v3/artifacts/contracts/${file}`),
          'utf8',
        ),
      ).abi,
    )
  const missing = (ours: Abi, theirs: readonly string[]) =>
    shapesOf(ours).filter((shape) => !theirs.includes(shape))

  const pool = v2('protocol/lendingpool/LendingPool.sol/LendingPool.json')
  const aToken = v2('protocol/tokenization/AToken.sol/AToken.json')

  test('the Pool, the provider, the oracle', () => {
    expect(missing(aaveV2PoolAbi, pool)).toEqual([])
    const provider =
      'protocol/configuration/LendingPoolAddressesProvider.sol/LendingPoolAddressesProvider.json'
    expect(missing(aaveV2ProviderAbi, v2(provider))).toEqual([])
    expect(missing(aaveV2OracleAbi, v2('misc/AaveOracle.sol/AaveOracle.json'))).toEqual([])
  })

  test('what is asked as in V3', () => {
    const asked = ['getUserConfiguration', 'getUserAccountData']
    const shared = aaveV3PoolAbi.filter((item) => 'name' in item && asked.includes(item.name))
    expect(shared.length).toBe(2)
    expect(missing(shared, pool)).toEqual([])
    expect(missing(aaveV3TokenAbi, aToken)).toEqual([])
  })

  test('the events', () => {
    expect(missing(aaveV2EventsAbi, [...pool, ...aToken])).toEqual([])
  })

  test('stable debt, in both versions', () => {
    for (const token of [v2, coreV3].map((read) =>
      read('protocol/tokenization/StableDebtToken.sol/StableDebtToken.json'),
    ))
      expect(missing(aaveStableDebtAbi, token)).toEqual([])
  })
})
