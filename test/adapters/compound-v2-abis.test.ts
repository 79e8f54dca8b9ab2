import { readFileSync } from 'node:fs'
import {
  type Abi,
  type AbiEvent,
  type AbiFunction,
  getAddress,
  toEventSelector,
  toFunctionSelector,
} from 'viem'
import { describe, expect, test } from 'vitest'
import * as ours from '../../abis/compound-v2.ts'
import { compoundV2 } from '../../src/adapters/compound-v2.ts'
import { compoundV2Deployments } from '../../src/adapters/compound-v2-deployments.ts'
import { compoundArtifacts } from '../chain/compound-v2.ts'
import { packageFile } from '../helpers/package-file.ts'

/** Outputs only as far as ours reach: `markets` of Venus answers more behind the words that all share. */
const functionShape = (item: AbiFunction, outputs = item.outputs.length): string =>
  `${toFunctionSelector(item)} ${item.name} → ${item.outputs.slice(0, outputs).map(({ type }) => type)}`

const eventShape = (item: AbiEvent): string =>
  `${toEventSelector(item)} ${item.name} ${item.inputs.map(({ indexed }) => (indexed ? 'indexed' : 'data'))}`

const missing = (mine: Abi, theirs: Abi): readonly string[] =>
  mine.flatMap((item) => {
    if (item.type === 'event')
      return theirs.some((other) => other.type === 'event' && eventShape(other) === eventShape(item))
        ? []
        : [item.name]
    if (item.type !== 'function') return []
    const count = item.outputs.length
    return theirs.some(
      (other) => other.type === 'function' && functionShape(other, count) === functionShape(item),
    )
      ? []
      : [item.name]
  })

describe('abis/compound-v2.ts is what the packages of Venus say', () => {
  const old = compoundArtifacts('0.7.0')
  const venus = compoundArtifacts('10.3.0')

  test('the comptroller and its oracle, of both', () => {
    for (const artifacts of [old, venus])
      expect(missing(ours.compoundComptrollerAbi, artifacts('Comptroller').abi)).toEqual([])
    expect(missing(ours.venusComptrollerAbi, venus('Comptroller').abi)).toEqual([])
    // Compound's own, which Venus never had or has renamed
    expect(missing(ours.compoundOnlyAbi, old('Comptroller').abi)).toEqual([
      'seizeGuardianPaused',
      'isDeprecated',
    ])
    expect(missing(ours.compoundOracleAbi, old('VenusChainlinkOracle').abi)).toEqual([])
    expect(missing(ours.vaiControllerAbi, venus('VAIController').abi)).toEqual([])
  })

  test('the cTokens, but for what is Moonwell’s and newer Compound’s', () => {
    for (const artifacts of [old, venus])
      expect(missing(ours.cTokenAbi, artifacts('VBep20Immutable').abi)).toEqual([
        'accrualBlockTimestamp',
        'protocolSeizeShareMantissa',
      ])
  })

  test('the events: topics and which fields are indexed', () => {
    const cToken = old('VBep20Immutable').abi
    expect(missing(ours.compoundEventsAbi, [...old('Comptroller').abi, ...cToken])).toEqual([])
    const { abi } = venus('Comptroller')
    expect(missing(ours.venusEventsAbi, [...abi, ...venus('VAIController').abi])).toEqual([])
    // the fields that Venus has indexed since
    expect(missing(ours.compoundEventsAbi, [...abi, ...cToken])).toEqual(['MarketEntered', 'MarketExited'])
  })
})

describe('the deployments', () => {
  const deployments = Object.entries(compoundV2Deployments)

  test('are the addresses of the teams’ packages', () => {
    const bnb = JSON.parse(
      readFileSync(
        packageFile('@venusprotocol/venus-protocol@10.3.0', 'deployments/bscmainnet_addresses.json'),
        'utf8',
      ),
    ).addresses
    expect(compoundV2Deployments['bnb/venus'].comptroller).toBe(getAddress(bnb.Unitroller))
    expect(compoundV2Deployments['bnb/venus'].native).toBe(getAddress(bnb.WBNB))
    const constants = packageFile('@compound-finance/compound-js@0.6.2', 'dist/nodejs/constants.js')
    expect(readFileSync(constants, 'utf8')).toContain(
      `"Comptroller": "${compoundV2Deployments['ethereum/compound'].comptroller}"`,
    )
    for (const chain of ['base', 'optimism'] as const) {
      const sdk = packageFile(
        '@moonwell-fi/moonwell-sdk@1.0.0',
        `_esm/environments/definitions/${chain}/contracts.js`,
      )
      expect(readFileSync(sdk, 'utf8')).toContain(
        `comptroller: "${compoundV2Deployments[`${chain}/moonwell`].comptroller}"`,
      )
    }
  })

  test('the wrapped coins are those of the asset list', () => {
    const { chains } = JSON.parse(readFileSync(new URL('../../data/assets.json', import.meta.url), 'utf8'))
    expect(chains.ethereum[compoundV2Deployments['ethereum/compound'].native]).toMatchObject({
      symbol: 'WETH',
    })
    expect(chains.bnb[compoundV2Deployments['bnb/venus'].native]).toMatchObject({ symbol: 'WBNB' })
  })

  test.each(deployments)('%s is read as it stands, checksummed', (_, deployment) => {
    const parsed = compoundV2.parseDeployment(deployment)
    expect(parsed.comptroller).toBe(deployment.comptroller)
    expect(parsed.fromBlock).toBeGreaterThan(0n)
  })

  test('one in the configuration that is none is refused by name', () => {
    expect(() => compoundV2.parseDeployment({ comptroller: '0x12', variant: 'cream', fromBlock: 1 })).toThrow(
      /comptroller[\s\S]*variant/,
    )
  })
})
