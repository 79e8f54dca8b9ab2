import type { Subgraph } from './subgraph.ts'
import { refusalOf } from './subgraph-errors.ts'

/** The most rows that a page may have: graph-node's limit, and that of Morpho's API. */
const PAGE = 1000
/** Smaller pages are asked again instead of cut. */
const SMALLEST_PAGE = 25

/** Runs a question for a page of so many rows; `shrinkable` where a smaller one would be tried. */
export type Pages = <T>(ask: (first: number, shrinkable: boolean) => Promise<T>) => Promise<T>

/** Pages as large as the server gives them: half as large from where it says that one is too much. */
export const adaptivePages = ({ sleep }: Pick<Subgraph, 'sleep'>): Pages => {
  let first = PAGE
  let strikes = 0
  return async (ask) => {
    for (;;) {
      try {
        return await ask(first, first > SMALLEST_PAGE)
      } catch (error) {
        const refusal = refusalOf(error)
        const cut = refusal === 'smaller' || refusal === 'again-smaller'
        if (!cut || first <= SMALLEST_PAGE) throw error
        first = Math.ceil(first / 2)
        if (refusal === 'again-smaller') await sleep(500 * 2 ** strikes++)
      }
    }
  }
}
