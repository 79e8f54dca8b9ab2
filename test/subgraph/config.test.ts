import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

/** What stands under `discover` of a source. */

const KEY = '0123456789abcdef0123456789abcdef'
const GATEWAY = 'https://gateway.thegraph.com/api/subgraphs/id/x'
const variable = (name: string): string => `$\{${name}}`

const parse = (discover: unknown, key = 'aave-v3/ethereum/core', env: Record<string, string> = { KEY }) =>
  parseConfig({ sources: [{ key, discover }] }, env, '/')

const problem = (...args: Parameters<typeof parse>): string => {
  try {
    parse(...args)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return 'none'
}

test('a URL is enough', () => {
  expect(parse({ subgraph: GATEWAY }).sources[0]?.discover).toEqual({
    url: GATEWAY,
    mode: 'discover',
    schema: null,
    key: null,
    waitSeconds: 60,
    crosscheck: false,
  })
})

test('a source without it has none', () => {
  expect(parseConfig({ sources: ['aave-v3/ethereum/core'] }, {}, '/').sources[0]).not.toHaveProperty(
    'discover',
  )
})

test('the key comes from the environment, and from there only', () => {
  const { sources } = parse({ subgraph: GATEWAY, key: variable('KEY'), schema: 'messari' })
  expect(sources[0]?.discover).toMatchObject({ key: KEY, schema: 'messari' })
  expect(problem({ subgraph: GATEWAY, key: KEY })).toBe(
    `configuration: sources.0.discover.key: a secret belongs into the environment: write "${variable('NAME')}"`,
  )
  expect(problem({ subgraph: GATEWAY, key: variable('OTHER') })).toMatch(/variable OTHER is not set/)
})

test.each<readonly [string, unknown, string, RegExp]>([
  ['no URL', {}, 'aave-v3/ethereum/core', /sources\.0\.discover\.subgraph: missing/],
  ['another kind of URL', { subgraph: 'ipfs://Qm' }, 'aave-v3/ethereum/core', /not an http\(s\) URL/],
  [
    'an unknown schema',
    { subgraph: GATEWAY, schema: 'x' },
    'aave-v3/ethereum/core',
    /discover\.schema: .*aave-v3/,
  ],
  [
    'a schema of another protocol',
    { subgraph: GATEWAY, schema: 'liquity-v2' },
    'aave-v3/ethereum/core',
    /discover\.schema: "liquity-v2" does not list aave-v3 accounts; these do: aave-v3, messari/,
  ],
  [
    'a protocol that no schema lists',
    { subgraph: GATEWAY },
    'sky/ethereum/main',
    /discover\.subgraph: no subgraph schema that lists sky accounts is known/,
  ],
  ['a misspelt word', { subgraph: GATEWAY, schemas: 'x' }, 'aave-v3/ethereum/core', /unknown key "schemas"/],
])('%s is a problem with its path', (_, discover, key, words) => {
  expect(problem(discover, key)).toMatch(words)
})

test("The Graph's keys are checked without asking it; other servers have their own", () => {
  const short = { KEY: 'abc' }
  expect(problem({ subgraph: GATEWAY, key: variable('KEY') }, undefined, short)).toMatch(
    /discover\.key: a key of The Graph has 32 hexadecimal digits/,
  )
  expect(problem({ subgraph: 'https://graph.example/x', key: variable('KEY') }, undefined, short)).toBe(
    'none',
  )
})

test('the example in the README is valid', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [example = ''] = [...readme.matchAll(/^```json\n([\s\S]*?)^```$/gm)]
    .map(([, body = '']) => body)
    .filter((body) => body.includes('"discover"'))
  const { sources } = parseConfig(JSON.parse(example), { GRAPH_API_KEY: KEY }, '/')
  expect(sources[0]?.discover).toMatchObject({ key: KEY, schema: null })
})
