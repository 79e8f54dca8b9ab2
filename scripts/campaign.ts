import { BOOKS_WITHOUT_BANDS, falseBands, scoreCrowds } from '../test/core/bands/crowd-campaign.ts'
import {
  EMPTY_BOOKS,
  falseClusters,
  PLANTED_CLUSTERS,
  PRINTED_ROWS,
  scoreClusters,
  scoreRows,
} from '../test/core/bands/heavy-campaign.ts'

/**
 * How well bands are found in generated books of 20,000 positions whose bands are known: four sets of seeds side by
 * side, so that what moves between sets is seen. No rule of the engine was chosen on these seeds. Takes minutes.
 *
 * Measured with 40 seeds a set, beside the prototype of the crowd search on the same books:
 *   F1                       .991   .991   .977   .993   (all 878 planted: .988)
 *   the prototype's          .993   .983   .974   .991   (all 878 planted: .986)
 *   counting crowd rows alone .989  .991   .977   .989   (.986)
 *   median edge error, %    .0026  .0013  .0037  .0004
 *   the prototype's, %      .0045  .0018  .0045  .0009
 *   rows in the first three kinds of books without a band: none in 480, of either
 *
 * usage: npm run campaign [-- seeds in a set, 40 by default]
 */

const FIRST_SEEDS = [310_001, 320_001, 330_001, 340_001]
const WIDTH = 32

type Line = readonly [name: string, value: string]

const share = (value: number): string => value.toFixed(3).replace(/^0\./, '.')
const rate = (value: number): string => value.toFixed(2).replace(/^0\./, '.')

const crowdLines = (seeds: readonly number[]): readonly Line[] => {
  const score = scoreCrowds(seeds)
  return [
    ['planted / rows / wrong rows', `${score.planted}/${score.rows}/${score.wrong}`],
    ['recall', share(score.recall)],
    ['precision', share(score.precision)],
    ['F1', share(score.f1)],
    ['median edge error', `${(score.medianEdgeError * 100).toFixed(4)}%`],
  ]
}

const SECTIONS: readonly {
  readonly title: string
  readonly lines: (seeds: readonly number[]) => readonly Line[]
}[] = [
  { title: 'crowds planted', lines: crowdLines },
  {
    title: 'no band planted: rows a book',
    lines: (seeds) =>
      BOOKS_WITHOUT_BANDS.map(([name, options]): Line => {
        return [name, rate(falseBands(seeds, options).length / seeds.length)]
      }),
  },
  {
    title: 'heavy owners: exact / found',
    lines: (seeds) =>
      PLANTED_CLUSTERS.map((planted): Line => {
        const { exact, found } = scoreClusters(planted, seeds)
        return [planted.name, `${rate(exact)} / ${rate(found)}`]
      }),
  },
  {
    title: 'none planted: runs a book',
    lines: (seeds) => EMPTY_BOOKS.map((book): Line => [book.name, rate(falseClusters(book, seeds))]),
  },
  {
    title: 'six wallets: rows as they should be',
    lines: (seeds) => PRINTED_ROWS.map((printed): Line => [printed.name, rate(scoreRows(printed, seeds))]),
  },
]

const row = (name: string, values: readonly string[]): string =>
  `${name.padEnd(WIDTH)}${values.map((value) => value.padStart(12)).join('')}`.trimEnd()

const count = Number(process.argv[2] ?? 40)
if (!(Number.isInteger(count) && count > 0)) {
  process.stderr.write(`campaign: ${process.argv[2]} seeds in a set: expected a whole number from 1\n`)
  process.exit(2)
}
const sets = FIRST_SEEDS.map((first) => Array.from({ length: count }, (_, i) => first + i))
process.stdout.write(`${row(`${count} seeds from`, FIRST_SEEDS.map(String))}\n`)
for (const { title, lines } of SECTIONS) {
  process.stderr.write(`${title} …\n`)
  const columns = sets.map(lines)
  process.stdout.write(`\n${title}\n`)
  for (const [i, [name]] of (columns[0] ?? []).entries())
    process.stdout.write(
      `${row(
        `  ${name}`,
        columns.map((column) => column[i]?.[1] ?? ''),
      )}\n`,
    )
}
