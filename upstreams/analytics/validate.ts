import { z } from 'zod'
import { COINS, SYMBOLS } from './assets.ts'
import { coerce, type Shape } from './coerce.ts'
import { MOST_SYMBOLS, symbolPattern } from './inputs.ts'
import { type Code, Problem } from './problem.ts'

/** JSON Schema draft 2020-12 of what a schema takes. */
export function shapeOf(schema: z.ZodType): Shape {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' })
  return shape as Shape
}

/** Turns a raw value into the schema's output. @throws Problem 400 */
export type Validate<T> = (raw: unknown) => T

/** Checks a query: `raw` is the text after `?`. */
export function queryValidator<S extends z.ZodObject>(schema: S): Validate<z.infer<S>> {
  const shape = shapeOf(schema)
  return (raw) => {
    const values = decode(String(raw))
    const result = schema.safeParse(coerce(values, shape))
    if (result.success) return result.data
    throw queryProblem(result.error, values, shape.properties ?? {})
  }
}

/** Checks a JSON body. */
export function bodyValidator<S extends z.ZodType>(schema: S): Validate<z.infer<S>> {
  const shape = shapeOf(schema)
  return (raw) => {
    const result = schema.safeParse(coerce(raw, shape))
    if (result.success) return result.data
    const place = result.error.issues[0]?.path.join('.') || 'the body'
    throw new Problem(400, 'invalid_body', `${place} is not as the schema wants it.`, { permitted: shape })
  }
}

/** A name given twice is refused: who reads the first and who the last would answer different questions. */
function decode(query: string): Record<string, string> {
  const pairs = [...new URLSearchParams(query)]
  const names = new Set<string>()
  for (const [name] of pairs) {
    if (names.has(name)) throw new Problem(400, 'repeated_parameter', `${name} is given twice.`, { parameter: name })
    names.add(name)
  }
  return Object.fromEntries(pairs)
}

function queryProblem(error: z.ZodError, values: Record<string, string>, shapes: Record<string, Shape>): Problem {
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(shapes, name))
  if (unknown !== undefined) {
    const permitted = Object.keys(shapes)
    return new Problem(400, 'unknown_parameter', `${unknown} is no parameter of this route.`, {
      parameter: unknown,
      permitted,
    })
  }
  const parameter = String(error.issues[0]?.path[0])
  const shape = shapes[parameter] ?? {}
  const value = Object.hasOwn(values, parameter) ? values[parameter] : undefined
  if (parameter === 'symbol') return symbolProblem(value, shape)
  if (Array.isArray(shape.enum)) {
    const detail = `There is no ${parameter} ${value}. Use one of ${shape.enum.join(', ')}.`
    return new Problem(400, `unknown_${parameter}` as Code, detail, { parameter, permitted: shape.enum })
  }
  return new Problem(400, 'invalid_parameter', `${parameter}=${value} is out of bounds.`, {
    parameter,
    permitted: shape,
  })
}

/** Says which of the rules on `symbol` was broken. */
function symbolProblem(value: string | undefined, shape: Shape): Problem {
  const permitted = shape.pattern === symbolPattern(COINS).source ? COINS : SYMBOLS
  const refuse = (code: Code, detail: string) => new Problem(400, code, detail, { parameter: 'symbol', permitted })
  if (value === undefined) return refuse('missing_parameter', 'symbol is needed, such as symbol=BTC,ETH.')
  const symbols = value.split(',', MOST_SYMBOLS + 1)
  if (symbols.length > MOST_SYMBOLS) return refuse('too_many_symbols', `At most ${MOST_SYMBOLS} symbols in one call.`)
  const unknown = symbols.find((symbol) => !permitted.includes(symbol))
  if (unknown !== undefined) return refuse('unknown_symbol', `There is no ${unknown || 'empty symbol'} here.`)
  return refuse('repeated_symbol', 'Name each symbol once.')
}
