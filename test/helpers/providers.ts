import { capLogRange, capLogs, type LogRange, type Reply, type Rule } from './gateway.ts'

const hex = (value: bigint): string => `0x${value.toString(16)}`

const inRange = (
  blocks: bigint,
  code: number,
  words: string | ((range: LogRange) => string),
  status = 200,
): Rule =>
  capLogRange(
    blocks,
    (range): Reply => ({
      status,
      error: { code, message: typeof words === 'string' ? words : words(range) },
    }),
  )

/** How providers refuse eth_getLogs, in their own words (io.md 3.1), on a scale that fits a short chain. */
export const PROVIDERS: Readonly<Record<string, Rule>> = {
  'Alchemy, free': inRange(
    10n,
    -32600,
    ({ from }) =>
      `Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on your parameters, this block range should work: [${hex(from)}, ${hex(from + 9n)}]. Upgrade to PAYG for expanded block range.`,
  ),
  'Alchemy, response size': capLogs(9, ({ from, to }) => ({
    error: {
      code: -32602,
      message: `Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size, or you can request any block range with a cap of 10K logs in the response. Based on your parameters and the response size limit, this block range should work: [${hex(from)}, ${hex((from + to) / 2n)}]`,
    },
  })),
  Infura: capLogs(9, ({ from, to }) => ({
    error: {
      code: -32005,
      message: `query returned more than 10000 results. Try with this block range [${hex(from)}, ${hex((from + to) / 2n)}].`,
    },
  })),
  'QuickNode, by HTTP status': inRange(20n, -32614, 'eth_getLogs is limited to a 20 range', 413),
  Ankr: inRange(20n, -32600, 'block range is too wide'),
  dRPC: inRange(20n, 35, 'ranges over 10000 blocks are not supported on freetier'),
  PublicNode: inRange(20n, -32701, 'exceed maximum block range: 20'),
  'LlamaRPC (reth)': capLogs(9, () => ({
    error: { code: -32602, message: 'query exceeds max results 20000, retry with the range 0-10' },
  })),
  Cloudflare: inRange(20n, -32047, 'Invalid eth_getLogs request. Max range: 20'),
  Merkle: inRange(20n, -32000, 'eth_getLogs range is too large, max is 1k blocks'),
  'BNB Smart Chain': inRange(20n, -32005, 'limit exceeded'),
  'a name with 429 in its numbers': inRange(
    20n,
    -32000,
    'block range 24429000-24429999 is larger than what this node serves',
  ),
  'no words at all but a status': capLogRange(20n, () => ({
    status: 413,
    type: 'text/plain',
    body: 'too large',
  })),
  'a time-out of its own': inRange(20n, -32002, 'request timed out'),
}
