/** JSON, with a bigint written as a bare number however large: `rentEpoch` is u64::MAX on every real account. */
export function toJson(value: unknown): string {
  const marked = JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${MARK}${item}` : item))
  return marked.replaceAll(MARKED, '$1')
}

/** No string of this server begins with a NUL, which JSON escapes. */
const MARK = '\u0000'
const MARKED = /"\\u0000(\d+)"/g
