/** The part of JSON Schema that says what a value should become. */
export type Shape = {
  type?: string
  properties?: Record<string, Shape>
  items?: Shape
  [keyword: string]: unknown
}

function scalar(value: unknown, type: string | undefined): unknown {
  if (type === 'string') return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  if ((type === 'number' || type === 'integer') && typeof value === 'string' && value !== '') {
    const number = Number(value)
    return Number.isNaN(number) || (type === 'integer' && number % 1 !== 0) ? value : number
  }
  return value
}

/**
 * Reads scalars as the type the schema asks for: a query's values are all text.
 *
 * By the rules of ajv's `coerceTypes`, which the gateway checks requests with before they are paid; so what is `5.0` or
 * ` 5` there is 5 here. What cannot be read is left as it came, for validation to refuse.
 */
export function coerce(value: unknown, shape: Shape): unknown {
  if (Array.isArray(value)) return shape.items ? value.map((item) => coerce(item, shape.items as Shape)) : value
  if (typeof value !== 'object' || value === null) return scalar(value, shape.type)
  const known = shape.properties ?? {}
  const entries = Object.entries(value).map(([key, own]) => {
    return [key, Object.hasOwn(known, key) ? coerce(own, known[key] ?? {}) : own] as const
  })
  return Object.fromEntries(entries)
}
