import { type Config, parseConfig } from '../../src/config.ts'
import type { Coverage } from '../../src/core/report.ts'
import type { Progress } from '../../src/engine/read-source.ts'
import { loadBook, type ScanBook } from '../../src/report.ts'
import { scan } from '../../src/scan.ts'
import { loadScan, loadStates, type StoredScan } from '../../src/store/load.ts'
import { type Db, openDatabase } from '../../src/store/open.ts'
import type { AaveMarket } from '../chain/market.ts'

export const SOURCE = 'aave-v3/local/test'

type Settings = {
  readonly urls: readonly string[]
  readonly block?: string | number
  /** By driver; the WETH and the WBTC feed unless told. */
  readonly drivers?: Readonly<Record<string, unknown>>
  readonly chainId?: number
}

/** The configuration of one local market, as a user would write it. */
export const localConfig = (
  market: AaveMarket,
  { urls, block = 'latest', drivers, chainId = 31337 }: Settings,
): Config => {
  const feedOf = (feed: string) => ({ chains: { local: { feeds: [feed] } } })
  return parseConfig(
    {
      chains: { local: { chainId, rpc: urls, block } },
      sources: [
        {
          key: SOURCE,
          deployment: {
            poolAddressesProvider: market.addressesProvider,
            fromBlock: Number(market.fromBlock),
          },
        },
      ],
      drivers: drivers ?? { ETH: feedOf(market.reserves.WETH.feed), BTC: feedOf(market.reserves.WBTC.feed) },
    },
    {},
    '/',
  )
}

/** A database that lives as long as the test. */
export const memoryDatabase = (): Db => openDatabase(':memory:')

/** One scan and what it stored. */
export type Scanned = {
  readonly stored: StoredScan
  readonly coverage: Coverage
  readonly markets: unknown
  readonly accounts: ReadonlyMap<string, unknown>
  readonly book: (driver: string) => ScanBook
  /** Accounts whose state was read in this scan. */
  readonly read: number
}

export const scanLocal = async (
  config: Config,
  db: Db,
  options: { readonly full?: boolean; readonly block?: bigint } = {},
): Promise<Scanned> => {
  let read = 0
  const onProgress = ({ phase, done }: Progress) => {
    if (phase === 'accounts read') read = done
  }
  const { scanId } = await scan({ config, db, onProgress, ...options })
  const stored = loadScan(db, scanId)
  const [coverage] = stored.coverage
  const [states] = loadStates(db, stored)
  if (!coverage || !states) throw new Error('the scan stored nothing')
  const { markets, accounts } = states
  return { stored, coverage, markets, accounts, read, book: (driver) => loadBook(db, scanId, driver) }
}

/** The accounts of a scan from a database of its own: nothing known before. */
export const scanAfresh = (config: Config): Promise<Scanned> => scanLocal(config, memoryDatabase())

/** Accounts in an order of their own, so that two scans compare whatever order they found them in. */
export const sorted = (accounts: ReadonlyMap<string, unknown>): readonly (readonly [string, unknown])[] =>
  [...accounts].sort(([a], [b]) => (a < b ? -1 : 1))
