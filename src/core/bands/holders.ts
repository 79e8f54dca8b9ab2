/** 1 / Σ share²: how many holders of equal size would be as concentrated (inverse Herfindahl–Hirschman index). */
export const effectiveCount = (amounts: Iterable<number>): number => {
  let sum = 0
  let squares = 0
  for (const amount of amounts) {
    sum += amount
    squares += amount * amount
  }
  return squares > 0 ? sum ** 2 / squares : 0
}
