import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { InputRules } from '../domain/catalogue.ts'

/** A schema in pricing.json that is no JSON Schema. */
export class BadSchema extends Error {
  override readonly name = 'BadSchema'
}

interface InputConfig {
  readonly query?: Record<string, unknown> | undefined
  readonly body?: Record<string, unknown> | undefined
}

// Query values arrive as text; a body is JSON and must be of the right types as it is.
const queryAjv = new Ajv2020({ coerceTypes: true, allErrors: false, strict: true })
const bodyAjv = new Ajv2020({ allErrors: false, strict: true })

/** @throws BadSchema */
export function compileInput({ query, body }: InputConfig): InputRules {
  const checkQuery = query && compile(queryAjv, query, 'query')
  const checkBody = body && compile(bodyAjv, body, 'body')
  return {
    singleKeys: query && new Set(singleKeysOf(query)),
    jsonBody: checkBody !== undefined,
    // Coercion writes into what it checks; what is forwarded are the caller's own bytes.
    query(values) {
      const coerced = { ...values }
      return checkQuery && (complaint(checkQuery, coerced, 'query') ?? infinite(coerced))
    },
    body: (value) => checkBody && complaint(checkBody, value, 'body'),
  }
}

function compile(ajv: Ajv2020, schema: Record<string, unknown>, where: string): ValidateFunction {
  try {
    return ajv.compile(schema)
  } catch (error) {
    throw new BadSchema(`${where}: ${(error as Error).message}`)
  }
}

function complaint(check: ValidateFunction, value: unknown, where: string): string | undefined {
  return check(value) ? undefined : describe(check.errors?.[0], where)
}

/** Coercion makes a number of the text `Infinity`, and no bound of a schema stops it: no upstream can mean to take it. */
function infinite(coerced: Readonly<Record<string, unknown>>): string | undefined {
  const found = Object.entries(coerced).find(([, value]) => typeof value === 'number' && !Number.isFinite(value))
  return found && `query/${found[0]} must be a finite number.`
}

function describe(error: ErrorObject | undefined, where: string): string {
  if (!error) return `The ${where} does not fit the route’s schema.`
  const { additionalProperty, allowedValues } = error.params as {
    additionalProperty?: string
    allowedValues?: unknown[]
  }
  const place = error.instancePath ? `${where}${error.instancePath}` : where
  const which = additionalProperty === undefined ? '' : ` (${JSON.stringify(additionalProperty)})`
  const permitted = allowedValues ? `: ${allowedValues.join(', ')}` : ''
  return `${place} ${error.message ?? 'is not valid'}${which}${permitted}.`
}

function singleKeysOf(query: Record<string, unknown>): string[] {
  const properties = (query['properties'] ?? {}) as Record<string, { type?: unknown }>
  return Object.entries(properties).flatMap(([key, { type }]) => (type === 'array' ? [] : [key]))
}
