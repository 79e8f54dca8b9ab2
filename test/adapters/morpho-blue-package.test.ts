import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import {
  type Abi,
  encodeErrorResult,
  getAddress,
  type Hex,
  parseAbi,
  toEventSelector,
  toFunctionSelector,
} from 'viem'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  morphoBlueAbi,
  morphoBlueEventsAbi,
  morphoBlueIrmAbi,
  morphoBlueOracleAbi,
  morphoBlueTokenAbi,
} from '../../abis/morpho-blue.ts'
import { morphoBlue } from '../../src/adapters/morpho-blue.ts'
import { morphoBlueDeployments } from '../../src/adapters/morpho-blue-deployments.ts'
import { answersLiquidate } from '../../src/adapters/morpho-blue-verdict.ts'
import { knownChainId } from '../../src/config.ts'
import { type Artifact, artifactIn } from '../chain/compile.ts'
import { compileMorphoBlue } from '../chain/morpho-blue-compile.ts'
import { packageFile } from '../helpers/package-file.ts'

/** Selector or topic, and for events which parameters are indexed. */
const shapesOf = (abi: Abi): readonly string[] =>
  abi.flatMap((item) => {
    if (item.type === 'function') return [toFunctionSelector(item)]
    if (item.type === 'event')
      return [`${toEventSelector(item)} ${item.inputs.map((p) => Boolean(p.indexed))}`]
    return []
  })

describe('abis/morpho-blue.ts is what the package of Morpho says', () => {
  let artifactOf: (name: string) => Artifact
  beforeAll(async () => {
    artifactOf = artifactIn(await compileMorphoBlue())
  })

  test.each([
    ['Morpho', morphoBlueAbi, 'Morpho', 4],
    ['its events', morphoBlueEventsAbi, 'EventsLib', 6],
    ['its interest model', morphoBlueIrmAbi, 'AdaptiveCurveIrm', 1],
  ] as const)('%s', (_, ours, contract, count) => {
    const theirs = shapesOf(artifactOf(contract).abi)
    expect(shapesOf(ours as Abi).length).toBe(count)
    expect(shapesOf(ours as Abi).filter((shape) => !theirs.includes(shape))).toEqual([])
  })

  test('the structs have Morpho’s fields in Morpho’s order', () => {
    const outputs = (abi: Abi, name: string) =>
      abi.flatMap((item) => {
        if (item.type !== 'function' || item.name !== name) return []
        const [first, ...rest] = item.outputs
        const fields = first && 'components' in first ? (first.components ?? []) : [first, ...rest]
        return fields.map((field) => `${field?.type} ${field?.name}`)
      })
    const theirs = artifactOf('Morpho').abi
    for (const name of ['idToMarketParams', 'market'])
      expect(outputs(morphoBlueAbi as Abi, name)).toEqual(outputs(theirs, name))
  })

  test('a token and an oracle are asked by the standard names', () => {
    expect(shapesOf([...morphoBlueTokenAbi, ...morphoBlueOracleAbi.slice(0, 1)] as Abi)).toEqual(
      shapesOf(
        parseAbi([
          'function symbol() view returns (string)',
          'function decimals() view returns (uint8)',
          'function price() view returns (uint256)',
        ]),
      ),
    )
  })
})

describe('addresses', () => {
  type Book = Readonly<Record<number, Readonly<Record<string, unknown>> | undefined>>
  let book: { readonly addresses: Book; readonly deployments: Book }
  beforeAll(async () => {
    const file = packageFile('@morpho-org/morpho-ts@2.8.0', 'lib/esm/addresses.js')
    book = await import(pathToFileURL(file).href)
  })

  test('are those of Morpho’s own package, with the block of the deployment', () => {
    const theirs = Object.keys(morphoBlueDeployments).map((path) => {
      const id = knownChainId(path.split('/')[0] ?? '') ?? 0
      const { morpho, preLiquidationFactory } = book.addresses[id] ?? {}
      return [path, { morpho, preLiquidationFactory, fromBlock: Number(book.deployments[id]?.morpho ?? -1) }]
    })
    expect(morphoBlueDeployments).toEqual(Object.fromEntries(theirs))
  })

  test('cover every chain that the package and liqbands both know', () => {
    const names = ['ethereum', 'base', 'arbitrum', 'optimism', 'polygon', 'avalanche', 'bnb']
    const listed = names.filter((name) => book.addresses[knownChainId(name) ?? 0]?.morpho !== undefined)
    expect(Object.keys(morphoBlueDeployments)).toEqual(listed.map((name) => `${name}/main`))
  })

  test('are checksummed, and a deployment of one’s own needs no factory', () => {
    for (const { morpho, preLiquidationFactory } of Object.values(morphoBlueDeployments)) {
      expect(morpho).toBe(getAddress(morpho))
      expect(preLiquidationFactory).toBe(getAddress(preLiquidationFactory))
    }
    const { morpho } = morphoBlueDeployments['ethereum/main']
    const own = { morpho: morpho.toLowerCase(), fromBlock: 7 }
    expect(morphoBlue.parseDeployment(own)).toEqual({ morpho, preLiquidationFactory: null, fromBlock: 7n })
    expect(() => morphoBlue.parseDeployment({ morpho: '0x12', fromBlock: 7 })).toThrow('not an address')
  })
})

describe('what an attempt to liquidate answers', () => {
  const refused = (data: Hex) => answersLiquidate({ success: false, data })
  const text = (reason: string) =>
    refused(encodeErrorResult({ abi: parseAbi(['error Error(string)']), errorName: 'Error', args: [reason] }))
  const panic = (code: bigint) =>
    refused(encodeErrorResult({ abi: parseAbi(['error Panic(uint256)']), errorName: 'Panic', args: [code] }))

  test('each of Morpho’s own refusals is read for what it says', () => {
    const source = readFileSync(
      packageFile('@morpho-org/morpho-blue@1.0.0', 'src/libraries/ErrorsLib.sol'),
      'utf8',
    )
    const reasons = [...source.matchAll(/= "(.+)";/g)].map(([, reason = '']) => reason)
    expect(reasons.length).toBeGreaterThan(20)
    const by = (verdict: boolean | null) => reasons.filter((reason) => text(reason) === verdict)
    expect(by(false)).toEqual(['position is healthy'])
    // in Morpho.sol: what can stop `liquidate` behind its health check
    expect(by(true)).toEqual([
      'no code',
      'transfer reverted',
      'transfer returned false',
      'transferFrom reverted',
      'transferFrom returned false',
      'max uint128 exceeded',
    ])
  })

  test('arithmetic behind the check, and success, mean liquidatable', () => {
    expect(answersLiquidate({ success: true, data: '0x' })).toBe(true)
    expect([panic(0x11n), panic(0x12n)]).toEqual([true, true])
  })

  test('an oracle’s own refusal, an empty one and rubbish say neither', () => {
    expect([
      text('stale price'),
      panic(0x01n),
      refused('0x'),
      refused('0x1234'),
      refused('0xdeadbeef'),
    ]).toEqual([null, null, null, null, null])
  })
})
