import { clip, type Ink, pad, paint, type Style, visibleWidth } from './ink.ts'

/** One column of a table: how a row is written in it, and what gives way where the terminal is narrow. */
export type Column<Row> = {
  readonly header: string
  readonly value: (row: Row) => string
  /** Numbers right, words left (the default); only words are ever cut. */
  readonly align?: 'left' | 'right'
  /** A shorter writing, used when the table is too wide with `value`. */
  readonly compact?: (row: Row) => string
  /** May be left out where even that is too wide: the highest number goes first. */
  readonly optional?: number
  readonly style?: (row: Row) => Style | undefined
}

/** How wide a table may be (Infinity: as wide as it likes) and how it is inked; plain unicode by default. */
type TableOptions = { readonly width: number } & Partial<Ink>

type Laid<Row> = {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  readonly width: number
}

const GAP = '  '
/** Words are cut to this before a column is left out, and below it only after. */
const READABLE = 28

const lay = <Row>(rows: readonly Row[], column: Column<Row>, compact: boolean): Laid<Row> => {
  const write = compact ? (column.compact ?? column.value) : column.value
  const cells = rows.map(write)
  const width = cells.reduce((most, cell) => Math.max(most, visibleWidth(cell)), visibleWidth(column.header))
  return { column, cells, width }
}

const total = <Row>(laid: readonly Laid<Row>[]): number =>
  laid.reduce((sum, { width }) => sum + width, GAP.length * Math.max(0, laid.length - 1))

/** Words cut evenly from the widest, none below `floor`; numbers never. */
const squeeze = <Row>(laid: readonly Laid<Row>[], width: number, floor: number): readonly Laid<Row>[] => {
  const widths = laid.map((one) => one.width)
  for (let excess = total(laid) - width; excess > 0; excess--) {
    const words = widths.map((own, i) => (laid[i]?.column.align !== 'right' && own > floor ? own : 0))
    const widest = Math.max(...words)
    if (widest === 0) break
    widths[words.indexOf(widest)] = widest - 1
  }
  return laid.map((one, i) => ({ ...one, width: widths[i] ?? one.width }))
}

const layOut = <Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number,
): readonly Laid<Row>[] => {
  const full = columns.map((column) => lay(rows, column, false))
  if (total(full) <= width) return full
  let laid: readonly Laid<Row>[] = columns.map((column) => lay(rows, column, true))
  for (;;) {
    const squeezed = squeeze(laid, width, READABLE)
    if (total(squeezed) <= width) return squeezed
    const last = Math.max(...laid.map(({ column }) => column.optional ?? 0))
    if (last <= 0) return squeeze(laid, width, 1)
    laid = laid.filter(({ column }) => column.optional !== last)
  }
}

/** Whether the table fits the width with every column written in full. */
export const fits = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): boolean =>
  total(columns.map((column) => lay(rows, column, false))) <= width

/** An aligned table, the header first and then one line a row, no line wider than `width`. */
export const table = <Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, color = false, unicode = true }: TableOptions,
): readonly string[] => {
  const ink = { color, unicode }
  const laid = layOut(rows, columns, width)
  const line = (cell: (one: Laid<Row>, i: number) => { text: string; style: Style | undefined }): string => {
    const cells = laid.map((one, i) => {
      const { text, style } = cell(one, i)
      return pad(paint(ink, style, clip(text, one.width, ink)), one.width, one.column.align ?? 'left')
    })
    return clip(cells.join(GAP).trimEnd(), width, ink)
  }
  return [
    line(({ column }, i) => ({ text: column.header, style: i === 0 ? 'bold' : 'dim' })),
    ...rows.map((row, r) =>
      line(({ column, cells }) => ({ text: cells[r] ?? '', style: column.style?.(row) })),
    ),
  ]
}
