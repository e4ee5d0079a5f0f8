import type { Route } from '../domain/catalogue.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { type EdgeRequest, header, type PricedRequest, type Target } from '../domain/request.ts'
import { decodeUtf8 } from '../wire/base64.ts'
import { AmbiguousJson, parseStrict } from '../wire/json.ts'

/** Holds a paid request against the route's input schema: what the upstream would refuse as malformed is refused before it costs anything. */
export function checkInput(request: EdgeRequest, route: Route, { target, body }: PricedRequest): Refusal | undefined {
  const wrong = wrongQuery(route, target) ?? wrongBody(request, route, body)
  return wrong === undefined ? undefined : refuse('invalid_input', { detail: wrong })
}

function wrongQuery(route: Route, target: Target): string | undefined {
  const values: Record<string, unknown> = Object.create(null)
  for (const [key, value] of target.query) {
    const before = values[key]
    values[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
  }
  return route.input.query(values)
}

function wrongBody(request: EdgeRequest, route: Route, bytes: Uint8Array): string | undefined {
  if (!route.input.jsonBody) return undefined
  const type = header(request, 'content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') return 'The body must be application/json.'
  if (header(request, 'content-encoding') !== undefined) return 'The body must not be compressed.'
  const text = decodeUtf8(bytes)
  if (text === undefined) return 'The body is not UTF-8.'
  try {
    return route.input.body(parseStrict(text))
  } catch (error) {
    if (error instanceof AmbiguousJson) return error.message
    if (error instanceof SyntaxError) return 'The body is not JSON.'
    throw error
  }
}
