/** The colours of the picture's own marks; sources have theirs in source-colors.ts. Classes let a page restyle them. */

export const PAPER = { class: 'paper', fill: '#ffffff' } as const
export const INK = { class: 'ink', fill: '#111827' } as const
export const SOFT = { class: 'soft', fill: '#4b5563' } as const
export const ALARM = '#b91c1c'
export const GRID = { class: 'grid', stroke: '#e5e7eb' } as const
export const AXIS = { class: 'axis', stroke: '#6b7280' } as const
export const LINE = { class: 'line', stroke: '#111827' } as const
export const BAND = '#6d5bd0'
/** Ink on an outline of paper, for text that lies on marks. */
export const HALO = {
  class: 'ink halo',
  fill: INK.fill,
  stroke: PAPER.fill,
  'stroke-width': 3,
  'stroke-linejoin': 'round',
  'paint-order': 'stroke',
} as const

/** Text beside the axes, the labels of marks, and what heads the picture. */
export const SIZE = { small: 10.5, text: 11.5, title: 20 } as const
