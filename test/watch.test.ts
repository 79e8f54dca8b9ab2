import { expect, test } from 'vitest'
import { EndpointError, UsageError } from '../src/core/errors.ts'
import { nextRun, type Schedule, watch } from '../src/watch.ts'

const at = (time: string): Date => new Date(`2026-03-01T${time}Z`)

test('every keeps the rhythm of the first run', () => {
  const next = nextRun({ every: 900 }, at('10:02:07'))
  expect(next(at('10:02:08'))).toEqual(at('10:17:07'))
  expect(next(at('10:17:06'))).toEqual(at('10:17:07'))
})

test('every skips the runs that a long one missed, and never names the moment itself', () => {
  const next = nextRun({ every: 60 }, at('10:00:00'))
  expect(next(at('10:03:30'))).toEqual(at('10:04:00'))
  expect(next(at('10:04:00'))).toEqual(at('10:05:00'))
})

test('cron names its next time', () => {
  const minute = nextRun({ cron: '*/15 * * * *' }, at('10:02:07'))
  expect(minute(at('10:02:07'))).toEqual(at('10:15:00'))
  expect(minute(at('10:15:00'))).toEqual(at('10:30:00'))
})

test('a cron expression that is none, or that never comes, is refused before anything runs', async () => {
  expect(() => nextRun({ cron: 'every minute' }, at('10:00:00'))).toThrow(UsageError)
  expect(() => nextRun({ cron: '0 0 30 2 *' }, at('10:00:00'))).toThrow('names no time that will come')
  let runs = 0
  const run = async () => {
    runs++
  }
  await expect(follow({ cron: '0 0 30 2 *' }, { run })).rejects.toThrow(UsageError)
  expect(runs).toBe(0)
})

type Following = {
  /** What a run does; the clock stands meanwhile unless it moves it. */
  readonly run: (clock: { pass: (ms: number) => void; stop: () => void }) => Promise<void>
}

/** Watches on a clock of its own, in which only sleeping and the runs themselves take time. */
const follow = async (schedule: Schedule, { run }: Following) => {
  let time = at('10:00:00').getTime()
  const controller = new AbortController()
  const started: string[] = []
  const failed: { readonly message: string; readonly next: string }[] = []
  const slept: number[] = []
  const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19)
  await watch(schedule, {
    run: () => {
      started.push(clock(time))
      return run({
        pass: (ms) => {
          time += ms
        },
        stop: () => controller.abort(),
      })
    },
    onError: ({ message }, next) => failed.push({ message, next: clock(next.getTime()) }),
    signal: controller.signal,
    now: () => new Date(time),
    sleep: async (ms) => {
      slept.push(ms)
      time += ms
    },
  })
  return { started, failed, slept, end: time }
}

test('it runs at once, then on the beat, and stops at the signal', async () => {
  let runs = 0
  const { started } = await follow(
    { every: 60 },
    {
      run: async ({ pass, stop }) => {
        runs++
        pass(7000)
        if (runs === 3) stop()
      },
    },
  )
  expect(started).toEqual(['10:00:00', '10:01:00', '10:02:00'])
})

test('a run that takes longer than its interval is followed on the next beat, never overlapped', async () => {
  let running = 0
  let most = 0
  let runs = 0
  const { started } = await follow(
    { every: 60 },
    {
      run: async ({ pass, stop }) => {
        running++
        most = Math.max(most, running)
        await Promise.resolve()
        pass(150_000)
        running--
        runs++
        if (runs === 3) stop()
      },
    },
  )
  expect(most).toBe(1)
  expect(started).toEqual(['10:00:00', '10:03:00', '10:06:00'])
})

test('a failed run is reported with the time of the next, and the next one runs', async () => {
  let runs = 0
  const { started, failed } = await follow(
    { every: 60 },
    {
      run: async ({ stop }) => {
        runs++
        if (runs === 3) stop()
        else throw new EndpointError('the endpoint is gone')
      },
    },
  )
  expect(started).toHaveLength(3)
  expect(failed).toEqual([
    { message: 'the endpoint is gone', next: '10:01:00' },
    { message: 'the endpoint is gone', next: '10:02:00' },
  ])
})

test('what no time will mend ends it, and so does an error of our own', async () => {
  const failing = (error: Error) => follow({ every: 60 }, { run: () => Promise.reject(error) })
  await expect(failing(new UsageError('no such source'))).rejects.toThrow('no such source')
  await expect(failing(new TypeError('a mistake'))).rejects.toThrow('a mistake')
})

test('a wait longer than a timer can hold is cut, so that it does not end at once', async () => {
  let runs = 0
  const { slept, end } = await follow(
    { every: 40 * 86_400 },
    {
      run: async ({ stop }) => {
        runs++
        if (runs === 2) stop()
      },
    },
  )
  expect(end - at('10:00:00').getTime()).toBe(40 * 86_400_000)
  expect(Math.max(...slept)).toBeLessThan(2 ** 31)
})
