import { SingleBar } from 'cli-progress'
import type { Progress } from '../engine/read-source.ts'
import type { Io } from './io.ts'

type Shown = { readonly show: (progress: Progress) => void; readonly stop: () => void }

/** A bar on stderr where that is a terminal; nothing otherwise, so that logs of scheduled scans stay clean. */
export const createProgress = (io: Io, { quiet }: { readonly quiet: boolean }): Shown => {
  if (quiet || !io.interactive) return { show: () => {}, stop: () => {} }
  const bar = new SingleBar({
    format: '{bar} {source}: {phase} {value}/{shown}',
    barCompleteChar: io.unicode ? '█' : '#',
    barIncompleteChar: io.unicode ? '░' : '.',
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    stream: process.stderr,
  })
  let started = false
  const stop = (): void => {
    process.off('exit', stop)
    if (started) bar.stop()
  }
  // after a signal too the cursor comes back
  process.once('exit', stop)
  return {
    show: ({ source, phase, done, total }) => {
      const payload = { source, phase, shown: total ?? '?' }
      if (!started) bar.start(total ?? 1, done, payload)
      else {
        bar.setTotal(Math.max(1, total ?? done))
        bar.update(done, payload)
      }
      started = true
    },
    stop,
  }
}
