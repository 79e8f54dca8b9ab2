import type { DiffChange, DiffDocument, DiffMover, DiffPart } from '../core/diff/document.ts'
import { ACTIONS, type Part } from '../core/diff/parts.ts'
import { OUTCOMES, type Outcome } from '../core/position.ts'
import { bandMoveLines } from './band-moves.ts'
import { change, count, plural, price, shortHex, usd, utc } from './format.ts'
import { ellipsis, type Ink, paint, wrap } from './ink.ts'
import { cleanTexts, type Page, pageOf } from './page.ts'
import { type Column, table } from './table.ts'

const MEANING: Readonly<Record<Part, string>> = {
  price: 'prices moved',
  interest: 'accrued',
  arrived: 'new loans',
  left: 'loans closed',
  added: 'collateral added',
  withdrew: 'collateral taken out',
  borrowed: 'borrowed more',
  repaid: 'repaid',
  liquidated: 'proved by the states',
  reduced: 'likely liquidated',
  outcome: 'changed outcome',
}

const arrow = (ink: Ink): string => (ink.unicode ? '→' : '->')

const signed = (n: number, write: (n: number) => string): string => (n > 0 ? `+${write(n)}` : write(n))

const exact = (n: number): string => price(n, 2)

const titleLines = ({ driver, from, to }: DiffDocument, page: Page): readonly string[] => {
  const spots = `${page.price(from.spotUsd)} ${arrow(page)} ${page.price(to.spotUsd)}`
  const moved = from.spotUsd === to.spotUsd ? '' : ` (${change((to.spotUsd / from.spotUsd - 1) * 100)})`
  return wrap(
    `${driver}: what moved from scan ${from.id} to scan ${to.id}  spot ${spots}${moved}`,
    page.width,
  ).map((line) => paint(page, 'bold', line))
}

const blockLines = ({ from, to }: DiffDocument, page: Page): readonly string[] => {
  const blocks = [from, to].flatMap((scan) => scan.blocks.map((block) => ({ scan, block })))
  const columns: readonly Column<(typeof blocks)[number]>[] = [
    { header: '', value: ({ scan }) => `scan ${scan.id}` },
    { header: '', value: ({ block }) => block.chain },
    { header: '', value: ({ block }) => (block.number === null ? 'block unknown' : `block ${block.number}`) },
    { header: '', value: ({ block, scan }) => utc(block.timestamp ?? scan.finishedAt) },
  ]
  return table(blocks, columns, page).slice(1)
}

/** What was not read in both scans, above everything else: it is unknown, not moved. */
const alarmLines = ({ sources }: DiffDocument, page: Page): readonly string[] => {
  const lines = [
    ...sources.leftOut.map(({ source, reason }) => `LEFT OUT ${source}: ${reason}`),
    ...sources.notes,
  ].flatMap((line) => wrap(line, page.width - 3))
  return lines.length === 0 ? [] : [...lines.map((line) => paint(page, 'alarm', `!! ${line}`)), '']
}

type Step = Omit<DiffPart, 'part'> & {
  readonly name: string
  readonly meaning: string
  readonly isTotal: boolean
}

/** From one total to the other, to the cent, so that a reader can add it up. */
const waterfallLines = (
  { before, after, parts }: DiffChange,
  { from, to }: DiffDocument,
  page: Page,
): readonly string[] => {
  const steps: readonly Step[] = [
    { name: `scan ${from.id}`, meaning: '', isTotal: true, ...before },
    ...parts.map(({ part, ...sums }) => ({ name: part, meaning: MEANING[part], isTotal: false, ...sums })),
    { name: `scan ${to.id}`, meaning: '', isTotal: true, ...after },
  ]
  const style = ({ isTotal }: Step) => (isTotal ? 'bold' : undefined)
  const money = (field: 'collateralUsd' | 'debtUsd') => (step: Step) =>
    step.isTotal ? exact(step[field]) : signed(step[field], exact)
  const columns: readonly Column<Step>[] = [
    { header: 'TOTAL', value: ({ name }) => name, style },
    { header: '', value: ({ meaning }) => meaning, optional: 1 },
    { header: 'positions', value: ({ positions }) => count(positions), align: 'right' },
    { header: 'collateral USD', value: money('collateralUsd'), align: 'right', style },
    { header: 'debt USD', value: money('debtUsd'), align: 'right', style },
  ]
  return [...table(steps, columns, page), '']
}

type Line = DiffChange & { readonly outcome: Outcome }

const outcomeLines = ({ outcomes }: DiffDocument, page: Page): readonly string[] => {
  const lines: readonly Line[] = OUTCOMES.map((outcome) => ({ outcome, ...outcomes[outcome] })).filter(
    ({ before, after }) => before.positions + after.positions > 0,
  )
  const both = (write: (total: Line['before']) => string) => (line: Line) =>
    `${write(line.before)} ${arrow(page)} ${write(line.after)}`
  const columns: readonly Column<Line>[] = [
    { header: 'OUTCOME', value: ({ outcome }) => outcome },
    { header: 'positions', value: both(({ positions }) => count(positions)), align: 'right' },
    { header: 'collateral', value: both(({ collateralUsd }) => usd(collateralUsd)), align: 'right' },
    { header: 'debt', value: both(({ debtUsd }) => usd(debtUsd)), align: 'right' },
  ]
  return lines.length === 0 ? [] : [...table(lines, columns, page), '']
}

/** Where a position stood and stands: its price, or its outcome where it has none. */
const pricesOf = ({ price, outcome }: DiffMover, page: Page): string => {
  const end = (side: 'from' | 'to'): string => {
    const at = price[side]
    return at === null ? (outcome[side] ?? '-') : page.price(at)
  }
  const [from, to] = [end('from'), end('to')]
  return from === to ? from : `${from} ${arrow(page)} ${to}`
}

/** Price and interest have their own lines in the total; here they would be on every line. */
const doneTo = ({ causes, outcome }: DiffMover, page: Page): string =>
  causes
    .filter((part) => part !== 'price' && part !== 'interest')
    .map((part) => (part === 'outcome' ? `${arrow(page)} ${outcome.to}` : part))
    .join(', ')

/** What was done to it, without what prices and interest did meanwhile. */
const acted = ({ parts }: DiffMover, field: 'collateralUsd' | 'debtUsd'): string =>
  signed(
    parts.filter(({ part }) => ACTIONS.includes(part)).reduce((sum, part) => sum + part[field], 0),
    usd,
  )

const moverLines = (diff: DiffDocument, page: Page): readonly string[] => {
  const { movers, moversTotal, driver } = diff
  if (movers.length === 0) return []
  const owner = ({ entity, owner }: DiffMover): string => entity ?? owner
  const [header = '', ...rows] = table<DiffMover>(
    movers,
    [
      { header: 'MOVERS', value: (one) => shortHex(owner(one), ellipsis(page)) },
      { header: 'did', value: (one) => doneTo(one, page) },
      { header: `${driver} price`, value: (one) => pricesOf(one, page), align: 'right' },
      { header: 'collateral', value: (one) => acted(one, 'collateralUsd'), align: 'right' },
      { header: 'debt', value: (one) => acted(one, 'debtUsd'), align: 'right' },
    ],
    page,
  )
  const rest = moversTotal - movers.length
  return [
    header,
    ...movers.flatMap(({ inference }, i) => [
      rows[i] ?? '',
      ...(inference === null ? [] : wrap(inference, page.width - 2)).map((line) =>
        paint(page, 'dim', `  ${line}`),
      ),
    ]),
    ...(rest > 0
      ? [
          paint(
            page,
            'dim',
            `${movers.length} of ${plural(moversTotal, 'position')}: raise --limit for the rest`,
          ),
        ]
      : []),
    '',
  ]
}

const ownerLines = ({ owners }: DiffDocument, page: Page): readonly string[] => [
  `${plural(owners.arrived, 'owner')} arrived, ${count(owners.left)} left: ${count(owners.before)} ${arrow(page)} ${count(owners.after)}`,
  '',
]

const noteLines = ({ assumptions }: DiffDocument, page: Page): readonly string[] =>
  assumptions
    .flatMap((note) =>
      wrap(note, Math.min(page.width, 100) - 2).map((line, i) => `${i === 0 ? '-' : ' '} ${line}`),
    )
    .map((line) => paint(page, 'dim', line))

/** Whether the two scans agree in everything that is compared. */
const isStill = ({ total, movers, bands }: DiffDocument): boolean =>
  total.parts.length === 0 &&
  movers.length === 0 &&
  bands.new.length + bands.gone.length === 0 &&
  bands.matched.every(({ moved, priceUsd }) => !moved && priceUsd === 0)

/** What moved between two scans, as a terminal shows it. */
export const diffLines = (
  document: DiffDocument,
  io: Ink & { readonly width: number },
): readonly string[] => {
  const diff = cleanTexts(document, io.unicode)
  const page = pageOf({ driver: { symbol: diff.driver, spotUsd: diff.to.spotUsd } }, io, io.width)
  const head = [...alarmLines(diff, page), ...titleLines(diff, page), ...blockLines(diff, page), '']
  if (isStill(diff))
    return [...head, `Nothing moved: ${plural(diff.total.after.positions, 'position')} as before.`]
  return [
    ...head,
    ...waterfallLines(diff.total, diff, page),
    ...ownerLines(diff, page),
    ...outcomeLines(diff, page),
    ...bandMoveLines(diff, page),
    ...moverLines(diff, page),
    ...noteLines(diff, page),
  ]
}
