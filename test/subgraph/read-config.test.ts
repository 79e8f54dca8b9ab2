import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

/** What `discover.mode` may be. */

const URL = 'https://graph.example/x'

const parse = (discover: object, key = 'aave-v3/ethereum/core') =>
  parseConfig({ sources: [{ key, discover: { subgraph: URL, ...discover } }] }, {}, '/').sources[0]?.discover

test('the numbers come from the chain unless told otherwise', () => {
  expect(parse({})).toMatchObject({ mode: 'discover' })
  expect(parse({ mode: 'read' })).toMatchObject({ mode: 'read', schema: null })
  expect(parse({ mode: 'read', schema: 'messari' }, 'spark/ethereum/main')).toMatchObject({ mode: 'read' })
})

test.each<readonly [string, object, string, RegExp]>([
  ['another word', { mode: 'guess' }, 'aave-v3/ethereum/core', /sources\.0\.discover\.mode: /],
  [
    'a protocol whose balances no schema has',
    { mode: 'read' },
    'morpho-blue/ethereum/main',
    /discover\.mode: no subgraph schema has the balances of morpho-blue accounts: leave "mode" out, so that the chain is read$/,
  ],
  [
    'a schema without them',
    { mode: 'read', schema: 'messari' },
    'compound-v3/ethereum/usdc',
    /discover\.mode: "messari" does not have the balances of compound-v3 accounts; these do: comet; or leave "mode" out/,
  ],
  [
    'a crosscheck, which reads the chain',
    { mode: 'read', crosscheck: true },
    'aave-v3/ethereum/core',
    /discover\.crosscheck: it reads every account from the chain/,
  ],
  [
    'a schema of another protocol, said once',
    { mode: 'read', schema: 'liquity-v2' },
    'aave-v3/ethereum/core',
    /^configuration: sources\.0\.discover\.schema: "liquity-v2" does not list/,
  ],
])('%s is a problem with its path', (_, discover, key, words) => {
  expect(() => parse(discover, key)).toThrow(words)
})
