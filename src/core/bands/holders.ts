/** 1 / Σ share²: how many holders of equal size would be as concentrated (inverse Herfindahl–Hirschman index). */
export const effectiveCount = (amounts: ArrayLike<number>): number => {
  let sum = 0
  let squares = 0
  for (let i = 0; i < amounts.length; i++) {
    const amount = amounts[i] ?? 0
    sum += amount
    squares += amount * amount
  }
  return squares > 0 ? sum ** 2 / squares : 0
}
