import type { ScanSummary } from '../core/documents.ts'
import { coverageLines } from './coverage.ts'
import { plural, shortHex, utc } from './format.ts'
import { ellipsis, type Ink, paint, wrap } from './ink.ts'
import { cleanTexts } from './page.ts'

/** What a scan did: its blocks, the coverage of every source, and what to run next. */
export const scanLines = (
  summary: ScanSummary,
  page: Ink & { readonly width: number },
): readonly string[] => {
  const { scanId, status, blocks, coverage } = cleanTexts(summary, page.unicode)
  const positions = coverage.reduce((sum, source) => sum + source.positions, 0)
  const requests = coverage.reduce((sum, source) => sum + source.requests, 0)
  const cost = requests === 0 ? '' : `, ${plural(requests, 'request')}`
  return [
    paint(page, 'bold', `Scan ${scanId} ${status}: ${plural(positions, 'position')}${cost}`),
    ...blocks.flatMap(({ chain, number, hash, timestamp }) =>
      wrap(
        [
          chain,
          number === null ? 'block unknown' : `block ${number}`,
          ...(hash === null ? [] : [shortHex(hash, ellipsis(page))]),
          ...(timestamp === null ? [] : [utc(timestamp)]),
        ].join('  '),
        page.width,
      ),
    ),
    '',
    ...coverageLines({ coverage }, page, { alarmed: false }),
    paint(page, 'dim', `liqbands report --scan ${scanId} shows its bands`),
  ]
}
