import type { AnyAdapter } from '../adapters/adapter.ts'
import { adapters } from '../adapters/index.ts'
import { loadMarkets, type StoredScan } from '../store/load.ts'
import type { Db } from '../store/open.ts'
import type { PositionRow } from '../store/rows.ts'

type Named = Pick<AnyAdapter, 'only'>

/** Whether an account lies in what the deployment reads, by its key. */
export const scopeOf = ({ only }: Named, markets: unknown): ((key: string) => boolean) => {
  const named = only?.(markets) ?? null
  if (named === null) return () => true
  const ids = new Set(named)
  return (key) => ids.has(key.slice(0, key.indexOf(':')))
}

/** Whether markets are read now that an earlier scan left out: of their accounts nothing since is known. */
export const isWider = ({ only }: Named, earlier: unknown, now: unknown): boolean => {
  const before = only?.(earlier) ?? null
  const named = only?.(now) ?? null
  return before !== null && (named === null || named.some((id) => !before.includes(id)))
}

/** Whether a position lies in what both scans read of its source. */
export const readInBoth = (
  db: Db,
  from: StoredScan,
  to: StoredScan,
): ((row: Pick<PositionRow, 'source' | 'id'>) => boolean) => {
  const scopes = [from, to].flatMap((scan) =>
    loadMarkets(db, scan).flatMap(({ source, protocol, markets }) => {
      const adapter = adapters.find(({ name }) => name === protocol)
      return adapter?.only?.(markets) ? [{ source, isRead: scopeOf(adapter, markets) }] : []
    }),
  )
  return ({ source, id }) => scopes.every((scope) => scope.source !== source || scope.isRead(id))
}
