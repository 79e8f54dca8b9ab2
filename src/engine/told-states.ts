import type { AnyAdapter } from '../adapters/adapter.ts'
import type { ToldStates } from './subgraph-states.ts'

/**
 * A state that a subgraph told is stored with a mark, so that no later scan takes it for the chain's own. Adapters look
 * at what they know of a state, and not at this.
 */
const mark = (state: unknown): unknown => ({ ...(state as object), told: true })

/** Whether a stored state is a subgraph's word, which a scan of the chain reads again. */
export const isTold = (state: unknown): boolean =>
  typeof state === 'object' && state !== null && 'told' in state && state.told === true

/** The states that a subgraph tells in place of those known; who is known to owe and is no longer listed, has repaid. */
export const takeStates = (
  { hasDebt }: Pick<AnyAdapter, 'hasDebt'>,
  { states: told, closed }: Pick<ToldStates, 'states' | 'closed'>,
  known: ReadonlyMap<string, unknown>,
) => {
  const repaid = [...known].filter(([key, state]) => !told.has(key) && hasDebt(state))
  const accounts = [
    ...[...told].map(([key, state]) => ({ key, state: mark(state) })),
    ...repaid.map(([key]) => ({ key, state: mark(closed) })),
  ]
  return { accounts, states: new Map([...known, ...accounts.map(({ key, state }) => [key, state] as const)]) }
}
