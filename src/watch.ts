import { Cron } from 'croner'
import { BaseError, UsageError } from './core/errors.ts'

export type Schedule = { readonly every: number } | { readonly cron: string }

/**
 * When the next run is due, as a function of now. `every` keeps the rhythm of the first run: a run that takes longer
 * than its interval skips what it missed, and never overlaps.
 * @throws UsageError for a cron expression that is none, or that never comes.
 */
export const nextRun = (schedule: Schedule, first: Date): ((now: Date) => Date) => {
  if ('every' in schedule) {
    const step = schedule.every * 1000
    return (now) =>
      new Date(first.getTime() + (Math.floor((now.getTime() - first.getTime()) / step) + 1) * step)
  }
  let cron: Cron
  try {
    cron = new Cron(schedule.cron, { paused: true })
  } catch (cause) {
    throw new UsageError(`--cron "${schedule.cron}" is no cron expression, like "*/15 * * * *"`, { cause })
  }
  const after = (now: Date): Date => {
    const next = cron.nextRun(now)
    if (!next) throw new UsageError(`--cron "${schedule.cron}" names no time that will come`)
    return next
  }
  after(first)
  return after
}

/** A timer of more than 24.8 days fires at once (its milliseconds must fit 31 bits), so that long waits are cut. */
const LONGEST_SLEEP = 24 * 3600 * 1000

/**
 * Runs at once and then on schedule, one run after the other, until the signal. A run that fails is reported and the
 * next one tried; a UsageError ends it, because no time will mend that.
 */
export const watch = async (
  schedule: Schedule,
  {
    run,
    onError,
    signal,
    now = () => new Date(),
    sleep,
  }: {
    readonly run: () => Promise<void>
    readonly onError: (error: BaseError, next: Date) => void
    readonly signal: AbortSignal
    readonly now?: () => Date
    readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  },
): Promise<void> => {
  const next = nextRun(schedule, now())
  while (!signal.aborted) {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof BaseError) || error instanceof UsageError) throw error
      onError(error, next(now()))
    }
    const due = next(now()).getTime()
    for (let left = due - now().getTime(); left > 0 && !signal.aborted; left = due - now().getTime())
      await sleep(Math.min(left, LONGEST_SLEEP), signal)
  }
}
