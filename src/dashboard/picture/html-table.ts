import { element, escaped } from './markup.ts'

/** A column of a table on the page. */
export type HtmlColumn<Row> = {
  readonly header: string
  readonly value: (row: Row) => string
  /** `right` for numbers, `mono` for addresses and keys, `wrap` for prose. */
  readonly style?: 'right' | 'mono' | 'wrap'
  /** Rows whose value is printed as an alarm. */
  readonly bad?: (row: Row) => boolean
}

const cell = <Row>(row: Row, { value, style, bad }: HtmlColumn<Row>): string => {
  const classes = [style ?? '', bad?.(row) ? 'bad' : ''].filter((name) => name !== '').join(' ')
  return `<td${classes === '' ? '' : ` class="${classes}"`}>${escaped(value(row))}</td>`
}

/** A table, or a sentence where it would have no row. */
export const htmlTable = <Row>(
  rows: readonly Row[],
  columns: readonly HtmlColumn<Row>[],
  otherwise: string,
): string => {
  if (rows.length === 0) return element('p', { class: 'soft-text' }, escaped(otherwise))
  const head = columns
    .map(({ header, style }) =>
      element('th', { scope: 'col', class: style === 'right' ? 'right' : undefined }, escaped(header) || ' '),
    )
    .join('')
  const body = rows.map((row) => `<tr>${columns.map((column) => cell(row, column)).join('')}</tr>`).join('\n')
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`
}
