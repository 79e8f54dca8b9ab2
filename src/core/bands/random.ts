/** A seeded generator of uniform numbers in [0, 1) (mulberry32): the same seed gives the same numbers everywhere. */
export const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A standard normal number (Box–Muller). */
export const drawNormal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** From this mean on, a Poisson number is drawn as a rounded normal one. */
const LARGE_MEAN = 32

/** A Poisson number of the given mean: by inversion, or from the normal distribution where the mean is large. */
export const drawPoisson = (random: () => number, mean: number): number => {
  if (mean >= LARGE_MEAN) return Math.max(0, Math.round(mean + Math.sqrt(mean) * drawNormal(random)))
  const target = random()
  let probability = Math.exp(-mean)
  let cumulative = probability
  let count = 0
  while (target > cumulative && probability > 0) {
    count++
    probability *= mean / count
    cumulative += probability
  }
  return count
}
