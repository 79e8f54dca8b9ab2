import { IAaveOracleV4_ABI } from '@aave-dao/aave-address-book/abis/IAaveOracleV4'
import { IHubV4_ABI } from '@aave-dao/aave-address-book/abis/IHubV4'
import { ISpokeV4_ABI } from '@aave-dao/aave-address-book/abis/ISpokeV4'
import { type Abi, type AbiParameter, getAddress, toEventSelector, toFunctionSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { aaveV4EventsAbi, aaveV4HubAbi, aaveV4OracleAbi, aaveV4SpokeAbi } from '../../abis/aave-v4.ts'
import { aaveV4Chains, deriveAaveV4 } from '../../scripts/aave-v4-addresses.ts'
import { bookVersion, renderFiles } from '../../scripts/addresses.ts'
import { aaveV4 } from '../../src/adapters/aave-v4.ts'
import { aaveV4Deployments } from '../../src/adapters/aave-v4-deployments.ts'
import { knownChainId } from '../../src/config.ts'
import { knownAssets } from '../../src/known.ts'

const typeOf = (parameter: AbiParameter): string =>
  'components' in parameter
    ? `(${parameter.components.map(typeOf)})${parameter.type.slice('tuple'.length)}`
    : parameter.type

/** Everything that encoding, decoding and filtering depend on. */
const shapes = (abi: Abi): readonly string[] =>
  abi.flatMap((item) => {
    if (item.type === 'function')
      return [`${item.name} ${toFunctionSelector(item)} → ${item.outputs.map(typeOf)}`]
    if (item.type !== 'event') return []
    return [`${item.name} ${toEventSelector(item)} ${item.inputs.map(({ indexed }) => indexed === true)}`]
  })

/** Names of struct members in the order of their places: what `getUserPosition` and its like are read by. */
const members = (abi: Abi): readonly string[] =>
  abi.flatMap((item) =>
    item.type === 'function'
      ? item.outputs.flatMap((output) =>
          'components' in output ? [`${item.name}: ${output.components.map(({ name }) => name)}`] : [],
        )
      : [],
  )

describe('the ABIs are those of the address book', () => {
  test.each([
    ['spoke', aaveV4SpokeAbi, ISpokeV4_ABI],
    ['hub', aaveV4HubAbi, IHubV4_ABI],
    ['oracle', aaveV4OracleAbi, IAaveOracleV4_ABI],
    ['events', aaveV4EventsAbi, ISpokeV4_ABI],
  ] as const)('%s', (_, own, published) => {
    const theirs = [...shapes(published as Abi), ...members(published as Abi)]
    const ours = [...shapes(own), ...members(own)]
    expect(ours.length).toBeGreaterThan(1)
    expect(ours.filter((shape) => !theirs.includes(shape))).toEqual([])
  })

  test('every event that names a user is followed, but for who may act for whom and a premium told twice', () => {
    const named = (ISpokeV4_ABI as Abi).flatMap((item) =>
      item.type === 'event' && item.inputs.some(({ name }) => name === 'user') ? [item.name] : [],
    )
    const followed: readonly string[] = aaveV4EventsAbi.map(({ name }) => name)
    expect(named.filter((name) => !followed.includes(name))).toEqual([
      'SetUserPositionManager',
      'UpdateUserRiskPremium',
    ])
  })
})

describe('the deployments', () => {
  test('default: the module is what the address book gives', () => {
    expect(aaveV4Deployments).toEqual(deriveAaveV4())
    expect(renderFiles(bookVersion())['src/adapters/aave-v4-deployments.ts']).toContain(
      aaveV4Deployments['ethereum/main'].spoke,
    )
  })

  test.each(Object.entries(aaveV4Chains))('%s: every spoke that has users, each once', (chain, { book }) => {
    expect(knownChainId(chain)).toBe(book.CHAIN_ID)
    const own = Object.entries(aaveV4Deployments)
      .filter(([key]) => key.startsWith(`${chain}/`))
      .map(([, { spoke }]) => spoke)
    const published = book.ALL_SPOKES.map((spoke) => getAddress(spoke))
    expect(own.toSorted()).toEqual(
      published.filter((spoke) => spoke !== getAddress(book.TREASURY_SPOKE)).toSorted(),
    )
  })

  test.each(Object.entries(aaveV4Deployments))('%s: parses', (_, deployment) => {
    const { spoke, fromBlock } = aaveV4.parseDeployment(deployment)
    expect(spoke).toBe(deployment.spoke)
    expect(fromBlock).toBeGreaterThan(0n)
  })

  test.each(Object.entries(aaveV4Chains))(
    '%s: ETH and BTC assets are known to the list',
    (chain, { book }) => {
      const known = knownAssets().chains[chain] ?? {}
      for (const [symbol, { UNDERLYING }] of Object.entries(book.ASSETS)) {
        const driver = symbol.match(/ETH|BTC/)?.[0]
        expect([symbol, known[getAddress(UNDERLYING)]?.driver]).toEqual([symbol, driver])
      }
    },
  )

  test.each(Object.entries(aaveV4Chains))(
    '%s: every spoke prices WETH by a feed that the list knows as the driver’s',
    (chain, { book }) => {
      const { feed = '', also = [] } = knownAssets().drivers.ETH?.[chain] ?? {}
      const used = Object.entries(book.SPOKE_PRICE_FEEDS).filter(([key]) =>
        /_SPOKE_WETHe?_PRICE_FEED$/.test(key),
      )
      expect(used.length).toBeGreaterThan(0)
      expect(used.filter(([, source]) => ![feed, ...also].includes(getAddress(source)))).toEqual([])
    },
  )
})
