import { clean, clip, visibleWidth } from '../ink.ts'

/** Width of one column of text in em: no less than in any usual monospace font. */
const COLUMN = 0.61

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Foreign text as safe content of an element or attribute: on one line, no control characters, escaped. */
export const escaped = (text: string): string =>
  clean(text, true).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '')

/** A coordinate, to a hundredth of a pixel. */
export const num = (n: number): string => {
  const text = (Math.round(n * 100) / 100).toString()
  return text === '-0' ? '0' : text
}

export type Attributes = Readonly<Record<string, string | number | undefined>>

const attributesOf = (attributes: Attributes): string =>
  Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? num(value) : escaped(value ?? '')}"`)
    .join('')

/** One element; attributes are escaped here, the content must be markup already. */
export const element = (name: string, attributes: Attributes, content = ''): string =>
  content === ''
    ? `<${name}${attributesOf(attributes)}/>`
    : `<${name}${attributesOf(attributes)}>${content}</${name}>`

/** A group of marks with a text that names them to a screen reader and under the mouse. */
export const titled = (attributes: Attributes, title: string, marks: string): string =>
  element('g', attributes, element('title', {}, escaped(title)) + marks)

/** Pixels that a text takes at a font size, estimated from above. */
export const textWidth = (text: string, size: number): number => visibleWidth(text) * size * COLUMN

/** The text on one line, cut to the pixels there are. */
export const fitted = (text: string, width: number, size: number): string =>
  clip(clean(text, true), Math.max(0, Math.floor(width / (size * COLUMN))), { unicode: true })

export type TextPlace = {
  readonly x: number
  /** Of the baseline. */
  readonly y: number
  readonly size: number
  readonly anchor?: 'start' | 'middle' | 'end'
}

/** One line of text; nothing at all where the text is empty. */
export const label = (
  text: string,
  { x, y, size, anchor = 'start' }: TextPlace,
  more: Attributes = {},
): string =>
  text === ''
    ? ''
    : element(
        'text',
        { x, y, 'font-size': size, 'text-anchor': anchor === 'start' ? undefined : anchor, ...more },
        escaped(text),
      )
