import type { Catalogue, Route } from '../domain/catalogue.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { type EdgeRequest, pathOf, type Target } from '../domain/request.ts'

export interface Match {
  readonly route: Route
  readonly target: Target
}

// Characters a path may hold as they are (RFC 3986 section 3.3), less `;`, which some readers cut at.
const PATH = /^(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]*)+$/
const QUERY = /^(?:[A-Za-z0-9._~!$&'()*+,=:@/?;[\]|-]|%[0-9A-Fa-f]{2})*$/

/**
 * Finds the route of a request.
 *
 * A target that two readers could read differently is refused, never repaired (threats T3, T4): what is matched here is
 * byte for byte what the upstream gets. A method that no route takes is told apart from a path that no route has.
 */
export function match(request: EdgeRequest, catalogue: Catalogue): Match | Refusal {
  const { target, method } = request
  const path = pathOf(target)
  const methods = catalogue.routes.get(path)
  // A path that is a route letter by letter is not ambiguous; any other is looked at for the reason.
  if (!methods) return isPlainPath(path) ? refuse('route_not_found') : refuse('ambiguous_target')
  const route = methods.get(method)
  if (!route) return refuse('method_not_allowed', { allow: [...methods.keys(), 'OPTIONS'] })
  const query = readQuery(target.slice(path.length + 1))
  if (!query)
    return refuse('ambiguous_target', {
      detail: 'The query holds characters that must be percent-encoded, or is not UTF-8.',
    })
  const twice = duplicateKey(query, route)
  if (twice !== undefined)
    return refuse('duplicate_query_key', { detail: `The query key ${JSON.stringify(twice)} came more than once.` })
  return { route, target: { raw: target, path, query } }
}

function isPlainPath(path: string): boolean {
  if (path === '/') return true
  const segments = path.split('/').slice(1)
  return PATH.test(path) && !segments.some((segment) => segment === '' || segment === '.' || segment === '..')
}

/** Splits and decodes a query strictly; undefined when a reader might see something else in it. */
function readQuery(text: string): [string, string][] | undefined {
  if (!QUERY.test(text)) return undefined
  const pairs: [string, string][] = []
  for (const part of text.split('&')) {
    if (part === '') continue
    const cut = part.indexOf('=')
    const key = decode(cut < 0 ? part : part.slice(0, cut))
    const value = decode(cut < 0 ? '' : part.slice(cut + 1))
    if (key === undefined || value === undefined) return undefined
    pairs.push([key, value])
  }
  return pairs
}

function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    return /[\u0000-\u001f\u007f\u2028\u2029]/.test(decoded) ? undefined : decoded
  } catch {
    return undefined
  }
}

/** A key that the route reads once must not come twice: readers disagree on which one counts (threats T10). */
function duplicateKey(query: readonly (readonly [string, string])[], route: Route): string | undefined {
  const seen = new Set<string>()
  for (const [key] of query) {
    // Some frameworks read `symbol[]` and `symbol` alike.
    const name = key.replace(/\[.*$/, '')
    if (route.input.singleKeys?.has(name) && (seen.has(name) || name !== key)) return name
    seen.add(name)
  }
  return undefined
}
