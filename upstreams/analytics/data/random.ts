/** A source of uniform numbers in [0, 1). */
export type Uniform = () => number

/**
 * Mulberry32, a 32-bit generator by Tommy Ettinger (public domain), seeded.
 *
 * Integer operations alone, so every engine draws the same numbers.
 */
export function mulberry32(seed: number): Uniform {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/**
 * One near-normal deviate (mean 0, variance 1): the sum of twelve uniforms less six (Irwin–Hall).
 *
 * Chosen over Box–Muller because it needs no logarithm and no cosine, whose last digit differs between engines.
 */
export function deviate(uniform: Uniform): number {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += uniform()
  return sum
}
