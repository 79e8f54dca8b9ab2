import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AbiEvent, parseAbi } from 'viem'
import type { AaveMarket } from '../chain/market.ts'
import { packageFile } from '../helpers/package-file.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { freePorts, runToEnd, type Started, startProcess, until } from './processes.ts'

export type GraphNode = {
  /** The subgraph's own address. */
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Source: @aave-dao/aave-v3-origin 3.6.0 (IScaledBalanceToken, IAToken, IPool). */
const marketAbi = parseAbi([
  'event Mint(address indexed caller, address indexed onBehalfOf, uint256 value, uint256 balanceIncrease, uint256 index)',
  'event Burn(address indexed from, address indexed target, uint256 value, uint256 balanceIncrease, uint256 index)',
  'event BalanceTransfer(address indexed from, address indexed to, uint256 value, uint256 index)',
  'event ReserveUsedAsCollateralEnabled(address indexed reserve, address indexed user)',
  'event ReserveUsedAsCollateralDisabled(address indexed reserve, address indexed user)',
  'event UserEModeSet(address indexed user, uint8 categoryId)',
])

const signature = ({ name, inputs }: AbiEvent): string =>
  `${name}(${inputs.map(({ type, indexed }) => `${indexed ? 'indexed ' : ''}${type}`).join(',')})`

/** The pool, then each token of the market with its side and its asset, of one length each: see mapping.as. */
const contextOf = ({ pool, reserves }: AaveMarket): string =>
  [
    pool,
    ...Object.values(reserves).flatMap(({ asset, aToken, variableDebtToken }) => [
      `${aToken}s${asset}`,
      `${variableDebtToken}d${asset}`,
    ]),
  ]
    .join('')
    .toLowerCase()

/**
 * One data source for all contracts, without an address: each further one costs seconds of compiling, and each text of a
 * context milliseconds of every event. `gnd build` drops the quotes of a text: `at` keeps it from being a number.
 */
const manifestOf = (market: AaveMarket): string =>
  [
    'specVersion: 1.2.0',
    'schema: { file: ./schema.graphql }',
    'dataSources:',
    '  - kind: ethereum/contract',
    '    name: Market',
    '    network: mainnet',
    '    context:',
    `      market: { type: String, data: "at${contextOf(market)}" }`,
    `    source: { abi: Market, startBlock: ${market.fromBlock} }`,
    '    mapping:',
    '      kind: ethereum/events',
    '      apiVersion: 0.0.9',
    '      language: wasm/assemblyscript',
    '      entities: [Pool, Reserve, EModeCategory, User, UserReserve]',
    '      abis: [ { name: Market, file: ./abis/Market.json } ]',
    '      eventHandlers:',
    ...marketAbi.map(
      (event) => `        - event: ${signature(event)}\n          handler: handle${event.name}`,
    ),
    '      file: ./src/mapping.ts',
  ].join('\n')

/** gnd looks for the compiler and its library among the node_modules of the subgraph. */
const installCompiler = (home: string): void => {
  const modules = join(home, 'node_modules')
  const packages = {
    '@graphprotocol/graph-ts': '@graphprotocol/graph-ts@0.38.2',
    assemblyscript: 'assemblyscript@0.19.23',
    binaryen: 'binaryen@102.0.0-nightly.20211028',
    long: 'long@5.3.2',
  }
  for (const [name, pinned] of Object.entries(packages))
    cpSync(packageFile(pinned), join(modules, name), { recursive: true })
  mkdirSync(join(modules, '.bin'))
  symlinkSync('../assemblyscript/bin/asc', join(modules, '.bin/asc'))
}

/** graph-node asks an IPFS node for its version when it starts, and for nothing else. */
const startIpfs = async (): Promise<{ readonly url: string; readonly stop: () => void }> => {
  const server = createServer((request, response) => {
    const known = request.url?.startsWith('/api/v0/version')
    response
      .writeHead(known ? 200 : 404, { 'content-type': 'application/json' })
      .end(known ? '{"Version":"0.29.0","Commit":"","Repo":"15","System":"","Golang":""}' : '{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const headOf = async (url: string): Promise<number> => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ query: '{ _meta { block { number } } }' })
  const answer = (await (await fetch(url, { method: 'POST', headers, body })).json()) as {
    readonly data?: { readonly _meta?: { readonly block: { readonly number: number } } }
  }
  return answer.data?._meta?.block.number ?? -1
}

/**
 * A real graph-node on a PostgreSQL of its own, indexing the accounts of a market with a subgraph of ours that has
 * the names of Aave's own. Resolves when it has indexed up to `block`.
 */
export const startGraphNode = async (rpc: string, market: AaveMarket, block: number): Promise<GraphNode> => {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('graph-node is published for Linux x64 alone: run this test there')
  const gnd = packageFile('@graphprotocol/gnd-linux-x64@0.45.0', 'bin/gnd')
  const home = mkdtempSync(join(tmpdir(), 'liqbands-graph-'))
  const opened: (() => unknown)[] = [() => rmSync(home, { recursive: true, force: true })]
  const stop = async (): Promise<void> => {
    for (const close of opened.toReversed()) await close()
  }
  try {
    const source = (name: string) => readFileSync(new URL(`aave-v3/${name}`, import.meta.url), 'utf8')
    for (const folder of ['src', 'abis']) mkdirSync(join(home, folder))
    writeFileSync(join(home, 'schema.graphql'), source('schema.graphql'))
    writeFileSync(join(home, 'src/mapping.ts'), source('mapping.as'))
    writeFileSync(
      join(home, 'abis/Market.json'),
      JSON.stringify(marketAbi.map((item) => ({ anonymous: false, ...item }))),
    )
    writeFileSync(join(home, 'subgraph.yaml'), manifestOf(market))
    installCompiler(home)
    const options = { cwd: home, env: { PATH: process.env.PATH, HOME: home } }
    runToEnd(gnd, ['codegen'], options)
    runToEnd(gnd, ['build'], options)
    const postgres: Postgres = await startPostgres()
    opened.push(postgres.stop)
    const ipfs = await startIpfs()
    opened.push(ipfs.stop)
    const [http = 0, ...others] = await freePorts(4)
    const ports = ['--index-node-port', '--admin-port', '--metrics-port'].flatMap((flag, i) => [
      flag,
      String(others[i]),
    ])
    const node: Started = startProcess(
      gnd,
      [
        ...['dev', '--postgres-url', postgres.url, '--ethereum-rpc', `mainnet:archive:${rpc}`],
        ...['--ipfs', ipfs.url, '--http-port', String(http), ...ports],
      ],
      {
        ...options,
        env: {
          ...options.env,
          ETHEREUM_REORG_THRESHOLD: '1',
          ETHEREUM_ANCESTOR_COUNT: '1',
          GRAPH_LOG: 'info',
        },
      },
    )
    opened.push(node.stop)
    const url = `http://127.0.0.1:${http}/subgraphs/name/subgraph-0`
    await until(node, async () => (await headOf(url)) >= block)
    return { url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
