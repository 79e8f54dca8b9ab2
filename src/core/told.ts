/**
 * A state that a subgraph told is stored with a mark, so that no later scan takes it for the chain's own. Adapters look
 * at what they know of a state, and not at this.
 */
export const markTold = (state: unknown): unknown => ({ ...(state as object), told: true })

/** Whether a stored state is a subgraph's word, which a scan of the chain reads again. */
export const isTold = (state: unknown): boolean =>
  typeof state === 'object' && state !== null && 'told' in state && state.told === true

/** How the coverage says that all states are a subgraph's word, and by which a stored scan is known as such. */
export const TOLD_BY = 'accounts and their balances told by the subgraph at'
