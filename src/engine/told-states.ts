import type { AnyAdapter } from '../adapters/adapter.ts'
import { markTold } from '../core/told.ts'
import type { ToldStates } from './subgraph-states.ts'

/** The states that a subgraph tells in place of those known; who is known to owe and is no longer listed, has repaid. */
export const takeStates = (
  { hasDebt }: Pick<AnyAdapter, 'hasDebt'>,
  { states: told, closed }: Pick<ToldStates, 'states' | 'closed'>,
  known: ReadonlyMap<string, unknown>,
) => {
  const repaid = [...known].filter(([key, state]) => !told.has(key) && hasDebt(state))
  const accounts = [
    ...[...told].map(([key, state]) => ({ key, state: markTold(state) })),
    ...repaid.map(([key]) => ({ key, state: markTold(closed) })),
  ]
  return { accounts, states: new Map([...known, ...accounts.map(({ key, state }) => [key, state] as const)]) }
}
