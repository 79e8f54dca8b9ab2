import { stripVTControlCharacters } from 'node:util'

/** How a terminal is written to: whether escapes and characters outside ASCII are welcome. */
export type Ink = { readonly color: boolean; readonly unicode: boolean }

/** The whole palette: `band` marks membership in a band, `alarm` a failure, nothing else has a colour. */
export type Style = 'bold' | 'dim' | 'band' | 'alarm'

const CODES: Readonly<Record<Style, string>> = { bold: '1', dim: '2', band: '36', alarm: '1;31' }
const ESCAPE = '\u001b'

/** The text in a style, or as it is where colour is not wanted. */
export const paint = (ink: Ink, style: Style | undefined, text: string): string =>
  ink.color && style && text !== '' ? `${ESCAPE}[${CODES[style]}m${text}${ESCAPE}[0m` : text

const PLAIN: Readonly<Record<string, string>> = {
  '…': '...',
  '–': '-',
  '—': '-',
  '−': '-',
  '·': '|',
  '×': 'x',
  '≥': '>=',
  '≤': '<=',
  '≈': '~',
  '→': '->',
  Σ: 'sum ',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  ß: 'ss',
  ø: 'o',
}

/** Text in ASCII alone: typographic signs in their usual spelling, accents off, anything else a question mark. */
const ascii = (text: string): string =>
  [...text]
    .map((char) => PLAIN[char] ?? char)
    .join('')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^ -~]/gu, '?')

/** Foreign text on one line and without control characters, so that it can neither move the cursor nor colour. */
export const clean = (text: string, unicode: boolean): string => {
  const line = stripVTControlCharacters(text).replace(/\s+/gu, ' ').replace(/\p{C}/gu, '').trim()
  return unicode ? line : ascii(line)
}

const NARROW = /^[ -~]*$/
const WIDE = new RegExp(
  '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f' +
    '\\uff00-\\uff60\\uffe0-\\uffe6\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}\\p{Emoji_Presentation}]',
  'u',
)

const charWidth = (char: string): number => {
  if (char === '\ufe0f') return 1
  if (/[\p{Mn}\p{Me}]/u.test(char)) return 0
  return WIDE.test(char) ? 2 : 1
}

/** Columns the text takes on a terminal, escapes not counted. */
export const visibleWidth = (text: string): number => {
  const plain = text.includes(ESCAPE) ? stripVTControlCharacters(text) : text
  if (NARROW.test(plain)) return plain.length
  return [...plain].reduce((sum, char) => sum + charWidth(char), 0)
}

/** The text filled up with spaces to `width` columns. */
export const pad = (text: string, width: number, align: 'left' | 'right'): string => {
  const fill = ' '.repeat(Math.max(0, width - visibleWidth(text)))
  return align === 'left' ? text + fill : fill + text
}

/** The mark of an omission. */
export const ellipsis = (ink: { readonly unicode: boolean }): string => (ink.unicode ? '…' : '..')

/** A unicode dash between two ends, or a hyphen. */
export const span = (ink: { readonly unicode: boolean }, low: string, high: string): string =>
  `${low}${ink.unicode ? '–' : '-'}${high}`

/** The text cut to `width` columns, the cut marked; escapes are kept and cost nothing. */
export const clip = (text: string, width: number, ink: { readonly unicode: boolean }): string => {
  if (visibleWidth(text) <= width) return text
  const mark = ellipsis(ink).slice(0, Math.max(0, width))
  let left = width - mark.length
  let out = ''
  let cut = false
  for (const part of text.split(new RegExp(`(${ESCAPE}\\[[0-9;]*m)`))) {
    if (part.startsWith(ESCAPE)) {
      out += part
      continue
    }
    for (const char of cut ? [] : part) {
      left -= charWidth(char)
      if (left < 0) {
        cut = true
        out += mark
        break
      }
      out += char
    }
  }
  return out
}

const pieces = (word: string, width: number): readonly string[] => {
  const out: string[] = []
  let piece = ''
  for (const char of word) {
    if (piece !== '' && visibleWidth(piece) + charWidth(char) > width) {
      out.push(piece)
      piece = ''
    }
    piece += char
  }
  return [...out, piece]
}

/** The text broken at spaces into lines of at most `width` columns; a longer word is broken where it must. */
export const wrap = (text: string, width: number): readonly string[] => {
  const room = Math.max(2, width)
  const lines: string[] = []
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, room))) {
    const last = lines.at(-1)
    if (last !== undefined && visibleWidth(last) + 1 + visibleWidth(word) <= room) {
      lines[lines.length - 1] = `${last} ${word}`
    } else lines.push(word)
  }
  return lines
}
