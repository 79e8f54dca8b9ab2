import type { Config } from '../config.ts'
import type { EntitiesDocument, EntityOwner, EntityRow, WeakestLink } from '../core/entities/documents.ts'
import { byAddress } from '../core/entities/pairs.ts'
import { type Entities, loadEntities } from '../known.ts'
import { loadBook } from '../report.ts'
import { loadLinked, loadUnions } from '../store/linked.ts'
import { linkedSources } from '../store/links.ts'
import { loadLabels, loadScan, type StoredScan } from '../store/load.ts'
import type { Db } from '../store/open.ts'
import type { PositionRow } from '../store/rows.ts'

/** Labels of the files as they are now, and those stored with the last scan. */
export const labelsNow = (db: Db, config: Config): Entities =>
  new Map([...loadLabels(db), ...loadEntities(config.entitiesFile)])

/** The positions of a scan, each once: every driver has the same ones. */
export const positionsOf = (db: Db, scan: StoredScan): readonly PositionRow[] => {
  const rows = new Map<string, PositionRow>()
  for (const symbol of new Set(scan.drivers.map((driver) => driver.symbol)))
    for (const row of loadBook(db, scan.id, symbol).rows) rows.set(`${row.source} ${row.id}`, row)
  return [...rows.values()]
}

/** Collateral that the oracle prices, USD. */
export const collateralOf = ({ collateral }: PositionRow): number =>
  collateral.reduce((sum, { usd }) => sum + (usd ?? 0), 0)

/** The entities of a scan with their owners, the heaviest first. */
export const listEntities = (db: Db, config: Config, scanId: number | 'latest'): EntitiesDocument => {
  const scan = loadScan(db, scanId)
  const labels = labelsNow(db, config)
  const linked = loadLinked(db, scan.id)
  const weakest = weakestOf(db, scan.id)
  const owners = new Map<string, EntityOwner>()
  const groups = new Map<string, Set<string>>()
  const all = new Set<string>()
  for (const row of positionsOf(db, scan)) {
    if (row.owner === null) continue
    all.add(row.owner)
    const label = labels.get(row.owner)
    const name = label ?? linked.get(row.owner)
    if (name === undefined) continue
    const before = owners.get(row.owner)
    owners.set(row.owner, {
      owner: row.owner,
      by: label === undefined ? 'linked' : 'label',
      positions: (before?.positions ?? 0) + 1,
      collateralUsd: (before?.collateralUsd ?? 0) + collateralOf(row),
    })
    groups.set(name, (groups.get(name) ?? new Set()).add(row.owner))
  }
  const entities = [...groups].map(([name, members]): EntityRow => {
    const mine = [...members].sort(byAddress).flatMap((owner) => owners.get(owner) ?? [])
    const kinds = new Set(mine.map(({ by }) => by))
    const sum = (value: (owner: EntityOwner) => number) =>
      mine.reduce((total, owner) => total + value(owner), 0)
    return {
      name,
      source: kinds.size > 1 ? 'both' : kinds.has('label') ? 'label' : 'linked',
      owners: mine.toSorted((a, b) => b.collateralUsd - a.collateralUsd),
      positions: sum(({ positions }) => positions),
      collateralUsd: sum(({ collateralUsd }) => collateralUsd),
      weakestLink: kinds.has('linked') ? (weakest.get(name) ?? null) : null,
    }
  })
  return {
    scanId: scan.id,
    evidence: linkedSources(db).map(({ source, block }) => ({ source, block })),
    owners: all.size,
    entities: entities.toSorted((a, b) => b.collateralUsd - a.collateralUsd || (a.name < b.name ? -1 : 1)),
  }
}

/** The weakest pair by entity: unions come strongest first. */
const weakestOf = (db: Db, scanId: number): ReadonlyMap<string, WeakestLink> =>
  new Map(loadUnions(db, scanId).map(({ entity, a, b, strength }) => [entity, { a, b, strength }]))
