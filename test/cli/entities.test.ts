import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EntitiesDocument, FoundDocument, WhyDocument } from '../../src/core/entities/documents.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { configFor, liqbands, SOURCE, start, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { startGateway } from '../helpers/gateway.ts'
import { type Cast, openLinkedOwners, person } from '../helpers/linked-owners.ts'
import { expectPlain, expectRefusal } from '../helpers/refusal.ts'

const cwd = temporaryFolder()
let anvil: Anvil
let cast: Cast
let config: Readonly<Record<string, unknown>>

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  liqbands(['entities', ...args], { cwd, env })
const ok = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(args)
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
  expectPlain(stdout)
  return stdout
}
const json = async <T>(...args: readonly string[]): Promise<T> => {
  const { code, stdout, stderr } = await run([...args, '--json'])
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
  return JSON.parse(stdout)
}
const tooWide = (text: string): readonly string[] => text.split('\n').filter((line) => [...line].length > 80)

beforeAll(async () => {
  anvil = await startAnvil()
  const market = await deployAaveV36(anvil, { ethUsd: 2000 })
  cast = await openLinkedOwners(anvil, market, 60)
  config = configFor(market, anvil.url, { entities: 'mine.json' })
  writeConfig(cwd, config)
  writeFileSync(join(cwd, 'mine.json'), JSON.stringify({ entities: [] }))
  expect((await liqbands(['scan'], { cwd })).code).toBe(0)
})
afterAll(() => anvil?.stop())

describe('before anything is known', () => {
  test('nobody is labelled or linked: what to do is said', async () => {
    const text = await ok()
    expect(text).toMatch(/^No entity: none of the \d+ owners in scan 1 is labelled, or linked/)
    expect(text).toContain('liqbands entities --find reads it')
    expect(text).toContain('--import FILE')
    expect(tooWide(text)).toEqual([])
    expect(await json<EntitiesDocument>()).toMatchObject({ scanId: 1, evidence: [], entities: [] })
  })

  test('--why says that nothing was read', async () => {
    const text = await ok('--why', cast.fund[0])
    expect(text).toContain('in no entity, 1 position in scan 1')
    expect(text).toContain('was never read: liqbands entities --find')
  })
})

describe('--find', () => {
  test('a failing endpoint: try again, and the list stays as it was', async () => {
    const broken = await startGateway(anvil.url, [
      {
        before: ({ method }) =>
          method === 'eth_getLogs'
            ? { status: 429, error: { code: -32005, message: 'too many requests' } }
            : undefined,
      },
    ])
    try {
      writeConfig(
        cwd,
        { ...config, chains: { local: { chainId: 31337, rpc: [broken.url], block: 'latest' } } },
        'broken.json',
      )
      expectRefusal(await run(['--find', '--config', 'broken.json']), 75, /too many requests|429/)
      expect(await json<EntitiesDocument>()).toMatchObject({ evidence: [], entities: [] })
    } finally {
      await broken.stop()
    }
  })

  test('killed while it reads: nothing is half-written, and the next one finds everything', async () => {
    const hanging = await startGateway(anvil.url, [
      { before: ({ method }) => (method === 'eth_getCode' ? 'hang' : undefined) },
    ])
    try {
      writeConfig(
        cwd,
        { ...config, chains: { local: { chainId: 31337, rpc: [hanging.url], block: 'latest' } } },
        'slow.json',
      )
      const { child, ended } = start(['entities', '--find', '--config', 'slow.json'], { cwd })
      while (!hanging.requests.some(({ method }) => method === 'eth_getCode'))
        await new Promise((resolve) => setTimeout(resolve, 20))
      child.kill('SIGKILL')
      expect((await ended).signal).toBe('SIGKILL')
      expect(await json<EntitiesDocument>()).toMatchObject({ evidence: [], entities: [] })
    } finally {
      await hanging.stop()
    }
  })

  test('reads up to the scan, and says what it found', async () => {
    const text = await ok('--find')
    const [first = '', requests = '', , header = '', ...rows] = text.split('\n')
    expect(first).toMatch(
      new RegExp(
        `^${SOURCE}: (nothing|known up to block \\d+, nothing to read|\\d+ new ties in blocks \\d+ to \\d+)`,
      ),
    )
    expect(requests).toMatch(/^\d+ requests$/)
    expect(header).toMatch(/^ENTITIES +source +owners +positions +collateral +weakest link$/)
    expect(rows[0]).toMatch(/^linked:0x[0-9a-f]{4}…[0-9a-zA-Z]{4} +linked +4 +4 +\$32\.0M +\.92$/)
    expect(rows[1]).toMatch(/^linked:0x\w{4}…\w{4} +linked +2 +2 +\$40\.0k +\.95$/)
    expect(tooWide(text)).toEqual([])
  })

  test('again, with --json: nothing new', async () => {
    const { found, requests, entities } = await json<FoundDocument>('--find')
    expect(found).toMatchObject([{ source: SOURCE, status: 'read', from: null, links: 0, error: null }])
    expect(requests).toBeGreaterThan(0)
    expect(entities.map(({ source, owners }) => [source, owners.length])).toEqual([
      ['linked', 4],
      ['linked', 2],
    ])
  })

  test('the report shows one linked entity in place of a concentrated band, and no company’s name', async () => {
    const { stdout } = await liqbands(['bands'], { cwd })
    expect(stdout).toMatch(/#1 +entity/)
    expect(stdout).toMatch(/linked:0x\S+: 4 positions of 4\s+owners/)
    const report = await liqbands(['report'], { cwd })
    expect(report.stdout.replace(/\s+/g, ' ')).toMatch(
      /linked:0x[0-9a-f]{40} is linked on the chain, not labelled: 4 owners, weakest link \.92/,
    )
    const positions = await liqbands(['positions', '--owner', cast.fund[3]], { cwd })
    expect(positions.stdout).toMatch(/^linked:0x/m)
  })
})

describe('--why', () => {
  test('the ties of a wallet: kind, strength, transaction, block, and what came of each', async () => {
    const text = await ok('--why', cast.fund[0].toLowerCase())
    expect(text).toContain(`${cast.fund[0]}\nin linked:0x`)
    expect(text).toMatch(
      new RegExp(
        `${cast.fund[1]}  \\.92\n  one entity\n  \\.80  it borrowed on the other's credit, block \\d+\n       tx 0x[0-9a-f]{64}\n  \\.60  it paid in for the other, block`,
      ),
    )
    expect(text).toMatch(
      new RegExp(`${cast.fund[3]}  1\\.00\n  one entity\n  1\\.00  it is the only owner of the other`),
    )
    expect(text).toContain('The rest of its entity:')
    expect(tooWide(text)).toEqual([])
  })

  test('a gateway is named as what it is, and so is a tie that is too weak', async () => {
    expect(await ok('--why', cast.strangers[0])).toMatch(
      new RegExp(`${cast.gateway}  \\.9\\d\n  not counted: a contract that is neither borrower nor Safe`),
    )
    expect(await ok('--why', cast.friends[0])).toMatch(
      new RegExp(`${cast.friends[1]}  \\.60\n  not united: below \\.90\n  \\.60  it paid in for the other`),
    )
  })

  test('somebody without a tie, and --json', async () => {
    expect(await ok('--why', person(999))).toMatch(/Nothing ties it to anybody/)
    const document = await json<WhyDocument>('--why', cast.fund[2])
    expect(document).toMatchObject({ scanId: 1, address: cast.fund[2], label: null, positions: 1 })
    expect(document.ties[0]).toMatchObject({ with: cast.fund[1], strength: 0.94, verdict: 'united' })
    expect(document.chain.length).toBe(3)
  })
})

describe('--export and --import', () => {
  const labels = (entities: unknown, name = 'in.json') => {
    writeFileSync(join(cwd, name), typeof entities === 'string' ? entities : JSON.stringify({ entities }))
    return name
  }
  const mine = () => JSON.parse(readFileSync(join(cwd, 'mine.json'), 'utf8')).entities

  test('what the chain links goes into a file with where it is from; named by hand it comes back as a label', async () => {
    expect(await ok('--export', 'out.json')).toBe('out.json: 2 entities of 6 owners\n')
    const { entities } = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8'))
    expect(entities[0].source).toBe('liqbands scan 1: linked on the chain, weakest link .92')
    expect(new Set(entities[0].addresses)).toEqual(new Set(cast.fund))
    // as it is, it names nobody
    const asIs = await run(['--import', 'out.json'])
    expect(asIs).toMatchObject({ code: 0, stdout: 'mine.json: 0 addresses added, 0 renamed, 0 as before\n' })
    expect(asIs.stderr).toMatch(/^2 entities left out: linked by liqbands itself/)
    const [fund] = entities
    labels([{ ...fund, name: 'Some Fund', addresses: fund.addresses.slice(0, 2) }])
    expect(await ok('--import', 'in.json')).toBe('mine.json: 2 addresses added, 0 renamed, 0 as before\n')
    expect(mine()).toEqual([
      { name: 'Some Fund', addresses: fund.addresses.slice(0, 2), source: fund.source },
    ])
    // the label is shown at once; whom it is linked to, after the next reading
    await ok('--find')
    const { entities: listed } = await json<EntitiesDocument>()
    expect(listed[0]).toMatchObject({ name: 'Some Fund', source: 'both', positions: 4 })
    expect(listed[0]?.owners.filter(({ by }) => by === 'linked').length).toBe(2)
    expect(await ok()).toMatch(/^Some Fund +label, linked +4/m)
  })

  test('an imported name replaces the old one of its address, and leaves the others', async () => {
    const [a, b] = mine()[0].addresses
    const file = labels([
      { name: 'Another', addresses: [a] },
      { name: 'Some Fund', addresses: [b, person(77).toLowerCase()] },
    ])
    expect(await json('--import', file)).toMatchObject({ file: 'mine.json', added: 1, renamed: 1, kept: 1 })
    expect(mine()).toMatchObject([
      { name: 'Some Fund', addresses: [b, person(77)] },
      { name: 'Another', addresses: [a] },
    ])
  })

  test.each([
    ['no JSON', '{"entities": [', /in\.json is not JSON/],
    [
      'every problem at once',
      JSON.stringify({
        entities: [{ name: ' ', addresses: ['0x12'] }, { addresses: [] }, { name: 'x', addresses: [], y: 1 }],
      }),
      /entities\.0\.name: an empty name.*entities\.0\.addresses\.0: "0x12" is not an address.*entities\.1\.name: missing.*entities\.1\.addresses: no address.*unknown key "y"/s,
    ],
    [
      'two names of one address',
      JSON.stringify({
        entities: [
          { name: 'A', addresses: [person(1)] },
          { name: 'B', addresses: [person(1).toLowerCase()] },
        ],
      }),
      /has 2 names: A, B/,
    ],
  ])('%s: refused, and the file stays as it is', async (_, text, says) => {
    const before = mine()
    expectRefusal(await run(['--import', labels(text)]), 1, says)
    expect(mine()).toEqual(before)
  })

  test('without a file for labels: where to name one', async () => {
    const { entities: _, ...unnamed } = config
    writeConfig(cwd, unnamed, 'unnamed.json')
    labels([{ name: 'A', addresses: [person(1)] }])
    expectRefusal(
      await run(['--import', 'in.json', '--config', 'unnamed.json']),
      1,
      /write "entities": "entities\.json" into liqbands\.config\.json/,
    )
    // one that is named and not there yet is made
    writeConfig(cwd, { ...config, entities: 'new.json' }, 'new-labels.json')
    expect((await run(['--import', 'in.json', '--config', 'new-labels.json'])).code).toBe(0)
    expect(existsSync(join(cwd, 'new.json'))).toBe(true)
  })
})

describe('refused', () => {
  test.each([
    ['--why 0x12', /"0x12" is not an address/],
    ['--find --why 0x12', /--find and --why: choose one/],
    ['--find --scan 1', /--find reads for the latest scan: leave --scan out/],
    ['--scan 99', /there is no scan 99/],
    ['--import nowhere.json', /cannot read .*nowhere\.json/],
    ['--export no/such/folder.json', /cannot write no\/such\/folder\.json/],
    ['--db none.db', /none\.db/],
  ])('%s', async (line, says) => {
    expectRefusal(await run(line.split(' ')), 1, says)
  })

  test('a locale without unicode gets ASCII alone, and --help fits', async () => {
    const { stdout } = await run(['--why', cast.fund[0]], { LC_ALL: 'C' })
    expect(stdout.replace(/[ -~\n]/g, '')).toBe('')
    const help = await run(['--help'])
    expect(help.code).toBe(0)
    expect(help.stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
  })
})
