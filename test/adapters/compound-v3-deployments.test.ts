import { readFileSync } from 'node:fs'
import { type Abi, type AbiParameter, getAddress, toEventSelector, toFunctionSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cometAbi, cometEventsAbi } from '../../abis/compound-v3.ts'
import { compoundV3 } from '../../src/adapters/compound-v3.ts'
import { compoundV3Deployments } from '../../src/adapters/compound-v3-deployments.ts'
import { knownChainId } from '../../src/config.ts'
import { knownAssets } from '../../src/known.ts'
import { packageFile } from '../helpers/package-file.ts'

/** The protocol team's own package; it stops at the first six markets. */
const constants = z
  .object({
    address: z.record(z.string(), z.record(z.string(), z.unknown())),
    abi: z.array(z.looseObject({ type: z.string() })),
  })
  .parse(
    JSON.parse(
      readFileSync(
        packageFile(
          '@compound-finance/compound-js@0.6.2',
          'dist/nodejs/comet-artifacts/comet-constants.json',
        ),
        'utf8',
      ),
    ),
  )

const OURS: Readonly<Record<string, keyof typeof compoundV3Deployments>> = {
  mainnet_usdc: 'ethereum/usdc',
  mainnet_weth: 'ethereum/weth',
  polygon_usdc: 'polygon/usdc',
  arbitrum_usdc: 'arbitrum/usdc.e',
  base_usdbc: 'base/usdbc',
  base_weth: 'base/weth',
}

const deployments = Object.entries(compoundV3Deployments)

describe('the addresses of Comet', () => {
  test.each(Object.entries(OURS))('%s of the team’s package is %s', (theirs, ours) => {
    const published = z.string().parse(constants.address[theirs]?.Comet)
    expect(compoundV3Deployments[ours].comet).toBe(getAddress(published))
  })

  test('every market of the package on a known chain is one of ours', () => {
    const live = Object.keys(constants.address).filter((name) => !/goerli|mumbai|fuji/.test(name))
    expect(live.filter((name) => OURS[name] === undefined)).toEqual([])
  })

  test('each is a deployment, on a chain that has a name, and no address stands twice on one', () => {
    const keys = deployments.map(([path, deployment]) => {
      const { comet, fromBlock } = compoundV3.parseDeployment(deployment)
      expect(fromBlock).toBeGreaterThan(0n)
      expect(deployment.comet).toBe(getAddress(comet))
      const [chain = ''] = path.split('/')
      expect(knownChainId(chain)).not.toBeNull()
      return `${chain} ${comet}`
    })
    expect(new Set(keys).size).toBe(deployments.length)
  })

  test('what a market is quoted in is a token that is known to follow a driver', () => {
    const quoted = deployments.flatMap(([path, deployment]) =>
      'quote' in deployment ? [[path, deployment.quote] as const] : [],
    )
    expect(quoted.map(([path]) => path)).toEqual([
      'ethereum/weth',
      'ethereum/wsteth',
      'ethereum/wbtc',
      'base/weth',
      'arbitrum/weth',
      'optimism/weth',
    ])
    for (const [path, quote] of quoted) {
      const [chain = ''] = path.split('/')
      expect(knownAssets().chains[chain]?.[quote]).toMatchObject({ weight: 1 })
    }
  })
})

describe('the interface of Comet is what the team’s package says', () => {
  /** Types alone, whatever the names: what encoding and decoding depend on. */
  const typeOf = (parameter: AbiParameter): string =>
    'components' in parameter ? `(${parameter.components.map(typeOf).join(',')})` : parameter.type
  const shapesOf = (abi: Abi): readonly string[] =>
    abi.flatMap((item) => {
      if (item.type === 'function') return [`${toFunctionSelector(item)} ${item.outputs.map(typeOf)}`]
      if (item.type !== 'event') return []
      const inputs = item.inputs.map((input) => `${typeOf(input)}${input.indexed ? ' indexed' : ''}`)
      return [`${toEventSelector(item)} ${inputs}`]
    })
  const published = shapesOf(constants.abi as unknown as Abi)

  test('functions and what they answer', () => {
    expect(shapesOf(cometAbi).filter((shape) => !published.includes(shape))).toEqual([])
    expect(shapesOf(cometAbi).length).toBeGreaterThan(15)
  })

  test('events: topics and which fields are indexed', () => {
    expect(shapesOf(cometEventsAbi).filter((shape) => !published.includes(shape))).toEqual([])
    expect(shapesOf(cometEventsAbi).length).toBe(2)
  })
})

test('a deployment that is none is refused with the name of what is wrong', () => {
  expect(() => compoundV3.parseDeployment({ comet: '0x12', fromBlock: 1 })).toThrow(/not an address/)
  expect(() => compoundV3.parseDeployment({ fromBlock: 1 })).toThrow(/comet/)
  expect(() => compoundV3.parseDeployment({ ...compoundV3Deployments['ethereum/usdc'], pool: '0x' })).toThrow(
    /pool/,
  )
})
