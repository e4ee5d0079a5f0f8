/** `12.3%`, signed when asked. */
export function percent(fraction: number, signed = false): string {
  const sign = signed && fraction > 0 ? '+' : ''
  return `${sign}${(fraction * 100).toFixed(1)}%`
}

/** Dollars to four significant digits from 1 dollar down, to the cent above, with T, B, M for large sums. */
export function dollars(value: number): string {
  const units = [
    { size: 1e12, sign: 'T' },
    { size: 1e9, sign: 'B' },
    { size: 1e6, sign: 'M' },
  ]
  const unit = units.find(({ size }) => value >= size)
  if (unit) return `$${(value / unit.size).toFixed(2)}${unit.sign}`
  if (value < 1) return `$${Number(value.toPrecision(4))}`
  return `$${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}

/** `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** Tokens of a text: its words, numbers and other marks, one each. No model's vocabulary; the same text, the same count. */
export function countTokens(text: string): number {
  return text.match(/[\p{L}\p{M}]+|\p{N}+|[^\s\p{L}\p{M}\p{N}]/gu)?.length ?? 0
}
