import { type Address, getAddress, isAddress } from 'viem'
import type { Config } from '../config.ts'
import type { Tie, WhyDocument } from '../core/entities/documents.ts'
import { UsageError } from '../core/errors.ts'
import { heightsOf, linksAt, ownersOf } from '../engine/links.ts'
import { loadLinked, loadUnions } from '../store/linked.ts'
import { linkedSources } from '../store/links.ts'
import { loadScan } from '../store/load.ts'
import type { Db } from '../store/open.ts'
import { labelsNow, positionsOf } from './list.ts'

/** @throws UsageError where the text is no address. */
export const addressOf = (text: string): Address => {
  if (!isAddress(text)) throw new UsageError(`"${text}" is not an address: expected 0x and 40 hex digits`)
  return getAddress(text)
}

/** All that ties an address to others up to the block of a scan, and what came of each tie. */
export const explainOwner = (
  db: Db,
  config: Config,
  { scanId, address }: { readonly scanId: number | 'latest'; readonly address: Address },
): WhyDocument => {
  const scan = loadScan(db, scanId)
  const labels = labelsNow(db, config)
  const rows = positionsOf(db, scan)
  const { pairs, hubs } = linksAt(db, {
    heights: heightsOf(scan.blocks),
    labels,
    members: ownersOf(rows),
    brief: false,
  })
  const ties = pairs.flatMap(({ a, b, strength, verdict, strands }): readonly Tie[] => {
    if (a !== address && b !== address) return []
    return [
      {
        with: a === address ? b : a,
        strength,
        verdict,
        hubBorrowers: hubs.get(a) ?? hubs.get(b) ?? null,
        strands,
      },
    ]
  })
  const linked = loadLinked(db, scan.id)
  const entity = labels.get(address) ?? linked.get(address) ?? null
  const unions = loadUnions(db, scan.id).filter((union) => union.entity === entity)
  return {
    scanId: scan.id,
    evidence: linkedSources(db).map(({ source, block }) => ({ source, block })),
    address,
    label: labels.get(address) ?? null,
    entity,
    positions: rows.filter(({ owner }) => owner === address).length,
    ties,
    chain: unions.map(({ a, b, strength, strands }) => ({ a, b, strength, strands })),
  }
}
