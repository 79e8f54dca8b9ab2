import type {
  EntitiesDocument,
  EntityRow,
  EvidenceRead,
  SourceFound,
  Tie,
  WhyDocument,
} from '../core/entities/documents.ts'
import { DAYS, type Strand, strengthText as strength } from '../core/entities/evidence.ts'
import { count, plural, shortHex, usd } from './format.ts'
import { ellipsis, type Ink, paint, wrap } from './ink.ts'
import { cleanTexts } from './page.ts'
import { table } from './table.ts'

type Page = Ink & { readonly width: number }

/** A name in fewer columns: that of a linked entity by the two ends of its address. */
const shortName = (name: string, ink: Ink): string =>
  name.startsWith('linked:') ? `linked:${shortHex(name.slice(7), ellipsis(ink))}` : name

const readLines = (evidence: readonly EvidenceRead[], { width }: Page): readonly string[] =>
  evidence.length === 0
    ? wrap('What ties owners on the chain was never read: liqbands entities --find reads it.', width)
    : evidence.flatMap(({ source, block }) => wrap(`${source}: ties read up to block ${block}`, width))

/** The entities of a scan as a table, and how far the evidence reaches. */
export const entityLines = (document: EntitiesDocument, page: Page): readonly string[] => {
  const { scanId, evidence, owners, entities } = cleanTexts(document, page.unicode)
  if (entities.length === 0)
    return [
      ...wrap(
        `No entity: none of the ${plural(owners, 'owner')} in scan ${scanId} is labelled, or linked to another.`,
        page.width,
      ),
      ...readLines(evidence, page),
      ...wrap('liqbands entities --import FILE adds names of your own.', page.width),
    ]
  const lines = table<EntityRow>(
    entities,
    [
      { header: 'ENTITIES', value: ({ name }) => name, compact: ({ name }) => shortName(name, page) },
      { header: 'source', value: ({ source }) => (source === 'both' ? 'label, linked' : source) },
      { header: 'owners', value: (entity) => count(entity.owners.length), align: 'right' },
      { header: 'positions', value: ({ positions }) => count(positions), align: 'right' },
      { header: 'collateral', value: ({ collateralUsd }) => usd(collateralUsd), align: 'right' },
      {
        header: 'weakest link',
        value: ({ weakestLink }) => (weakestLink === null ? '-' : strength(weakestLink.strength)),
        align: 'right',
      },
    ],
    page,
  )
  const named = entities.reduce((sum, entity) => sum + entity.owners.length, 0)
  return [
    ...lines,
    ...wrap(`${count(named)} of ${plural(owners, 'owner')} in scan ${scanId}`, page.width).map((line) =>
      paint(page, 'dim', line),
    ),
    ...readLines(evidence, page).map((line) => paint(page, 'dim', line)),
  ]
}

/** What was read of each source: new ties, or why there are none. */
export const foundLines = (
  { found, requests }: { readonly found: readonly SourceFound[]; readonly requests: number },
  page: Page,
): readonly string[] => {
  const says = ({ source, status, from, block, links, error }: SourceFound): string => {
    if (status === 'failed') return `${source} FAILED: ${error ?? 'no reason given'}`
    if (from === null) return `${source}: known up to block ${block}, nothing to read`
    return `${source}: ${plural(links, 'new tie')} in blocks ${from} to ${block}`
  }
  return [
    ...cleanTexts(found, page.unicode).flatMap((one) =>
      wrap(says(one), page.width).map((line) =>
        paint(page, one.status === 'failed' ? 'alarm' : undefined, line),
      ),
    ),
    paint(page, 'dim', plural(requests, 'request')),
    '',
  ]
}

/** What was seen, said of the address that was asked about. */
const strandText = ({ kind, first, strength: share, days, bothWays }: Strand, address: string): string => {
  const mine = first.from === address
  const habit = days >= DAYS ? `, on ${DAYS} days or more` : ''
  switch (kind) {
    case 'same-label':
      return 'both have one label'
    case 'only-owner':
      return mine ? 'it is the only owner of the other' : 'the other is its only owner'
    case 'same-owners':
      return share > 0.9 ? 'Safes with the same owners' : 'Safes that share enough owners to sign'
    case 'delegation':
      return mine ? "it borrowed on the other's credit" : 'the other borrowed on its credit'
    case 'transfer':
      return `aTokens sent ${mine ? 'to' : 'by'} the other${bothWays ? ', and back' : habit}`
    case 'pays-in':
      return `${mine ? 'it paid in for the other' : 'the other paid in for it'}${habit}`
    case 'repays':
      return `${mine ? 'it repaid for the other' : 'the other repaid for it'}${habit}`
    case 'same-factory-and-owner':
      return 'accounts of one factory with the same owner'
    case 'same-factory':
      return 'accounts of one factory'
  }
}

const verdictText = ({ verdict, hubBorrowers, strands }: Tie): string => {
  switch (verdict) {
    case 'united':
      return 'one entity'
    case 'one already':
      return 'one entity, by stronger ties'
    case 'below the limit':
      return 'not united: below .90'
    case 'conflict':
      return 'not united: they have different labels'
    case 'too many owners':
      return 'not united: it would be more than 50 owners'
    case 'hub':
      return `not counted: a hub, with ${plural(hubBorrowers ?? 0, 'borrower')}`
    case 'contract':
      return strands.length === 0
        ? 'not counted'
        : 'not counted: a contract that is neither borrower nor Safe, or not asked yet'
  }
}

const strandLines = (strand: Strand, address: string, { width }: Page): readonly string[] => {
  const { first, strength: share } = strand
  const where = strand.kind === 'same-label' ? '' : `, block ${first.block}`
  return [
    ...wrap(`${strength(share)}  ${strandText(strand, address)}${where}`, width - 2).map(
      (line) => `  ${line}`,
    ),
    ...(first.tx === null ? [] : wrap(`tx ${first.tx}`, width - 7).map((line) => `       ${line}`)),
  ]
}

/** Ties shown at most; the rest are counted. */
const MOST_TIES = 20

/** All that ties an address to others, what came of it, and where to look it up. */
export const whyLines = (document: WhyDocument, page: Page): readonly string[] => {
  const { scanId, evidence, address, label, entity, positions, ties, chain } = cleanTexts(
    document,
    page.unicode,
  )
  const who = entity === null ? 'in no entity' : label === null ? `in ${entity}` : `labelled ${label}`
  const head = [
    paint(page, 'bold', address),
    ...wrap(`${who}, ${plural(positions, 'position')} in scan ${scanId}`, page.width),
  ]
  if (ties.length === 0)
    return [
      ...head,
      ...wrap('Nothing ties it to anybody: no delegation, payment or transfer, no common owner.', page.width),
      ...readLines(evidence, page),
    ]
  const others = chain.filter(({ a, b }) => a !== address && b !== address)
  return [
    ...head,
    '',
    ...ties
      .slice(0, MOST_TIES)
      .flatMap((tie) => [
        `${paint(page, 'bold', tie.with)}  ${strength(tie.strength)}`,
        ...wrap(verdictText(tie), page.width - 2).map((line) => `  ${line}`),
        ...tie.strands.flatMap((strand) => strandLines(strand, address, page)),
      ]),
    ...(ties.length > MOST_TIES
      ? [`and ${plural(ties.length - MOST_TIES, 'weaker tie')}: --json has all`]
      : []),
    ...(others.length === 0
      ? []
      : [
          '',
          'The rest of its entity:',
          ...others.flatMap(({ a, b, strength: share, strands }) => [
            ...wrap(`${strength(share)}  ${a} and ${b}`, page.width - 2).map((line) => `  ${line}`),
            ...(strands[0]?.first.tx ? [`       tx ${strands[0].first.tx}`] : []),
          ]),
        ]),
    '',
    ...readLines(evidence, page).map((line) => paint(page, 'dim', line)),
  ]
}
