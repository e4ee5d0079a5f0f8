/** Numbers that come out the same for the same seed, so that a run can be repeated. */
export interface Random {
  /** From 0 to below `bound`. */
  below(bound: number): number
  /** True this often. */
  chance(share: number): boolean
  pick<T>(from: readonly T[]): T
  shuffle<T>(list: readonly T[]): T[]
}

/** Mulberry32: 32 bits of state are enough to vary trials. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    below,
    chance: (share) => next() < share,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('nothing to pick from')
      return from[below(from.length)] as T
    },
    shuffle<T>(list: readonly T[]): T[] {
      const shuffled = [...list]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = below(last + 1)
        const moved = shuffled[last] as T
        shuffled[last] = shuffled[other] as T
        shuffled[other] = moved
      }
      return shuffled
    },
  }
}
