/** The element at `index`, from the end when negative. For indices known to be inside. @throws RangeError when not. */
export function at<T>(values: readonly T[], index: number): T {
  const value = values.at(index)
  if (value === undefined) throw new RangeError(`no element ${index} among ${values.length}`)
  return value
}

/** Remembers one result per argument, for as long as the argument lives. */
export function memoize<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { value: V }>()
  return (key) => {
    const hit = known.get(key)
    if (hit) return hit.value
    const value = compute(key)
    known.set(key, { value })
    return value
  }
}
