import type { AnyAdapter, Context } from '../adapters/adapter.ts'
import { EndpointError, TooLargeError } from '../core/errors.ts'

/** Accounts in the first request; it grows and shrinks with what the endpoint bears. */
const FIRST = 1500
const MOST = 3000
const WORKERS = 4

/**
 * Reads the stored state of accounts in batches that adapt: half on out-of-gas, time-out or size, half as many again
 * on success.
 */
export const readInBatches = async (
  adapter: AnyAdapter,
  {
    context,
    markets,
    keys,
  }: { readonly context: Context<unknown>; readonly markets: unknown; readonly keys: readonly string[] },
  onRead: (count: number) => void,
): Promise<readonly { readonly key: string; readonly state: unknown }[]> => {
  const read: { key: string; state: unknown }[] = []
  const again: (readonly string[])[] = []
  let size = FIRST
  let next = 0
  let stopped = false
  const take = (): readonly string[] | undefined => {
    if (stopped) return undefined
    const waiting = again.pop()
    if (waiting) return waiting
    const batch = keys.slice(next, next + size)
    next += batch.length
    return batch.length > 0 ? batch : undefined
  }
  const work = async (): Promise<void> => {
    for (let batch = take(); batch; batch = take()) {
      try {
        const states = await adapter.read(context, markets, batch)
        for (const [i, key] of batch.entries()) read.push({ key, state: states[i] })
        onRead(batch.length)
        if (batch.length >= size) size = Math.min(MOST, Math.ceil(size * 1.5))
      } catch (error) {
        if (!(error instanceof TooLargeError)) {
          stopped = true
          throw error
        }
        if (batch.length === 1) {
          stopped = true
          throw new EndpointError(`${error.message}: even one account at a time is too much`, {
            cause: error,
          })
        }
        const middle = Math.ceil(batch.length / 2)
        size = Math.min(size, middle)
        again.push(batch.slice(0, middle), batch.slice(middle))
      }
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
  return read
}
