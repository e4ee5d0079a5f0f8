import type { EdgeRequest } from '../domain/request.ts'

type Fields = [name: string, value: string][]

/**
 * What a caller may say to the upstream. An allow-list: hop-by-hop fields (RFC 9110 section 7.6.1), payment headers,
 * conditionals, forwarding claims and method overrides are not on it (threats T5, T17, T18).
 */
const REQUEST_FIELDS = [
  'accept',
  'accept-encoding',
  'accept-language',
  'content-language',
  'content-type',
  'range',
  'user-agent',
] as const

/** What an upstream may say to the caller; never a payment header, which only the gateway writes. */
const RESPONSE_FIELDS = new Set([
  'accept-ranges',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'link',
  'location',
  'retry-after',
  'set-cookie',
  'vary',
])
const CACHE_FIELDS = new Set(['age', 'cache-control', 'etag', 'expires', 'last-modified'])

/** Header fields for the upstream; with what it may know of the payment. */
export function requestHeaders(request: EdgeRequest, paid?: { payer: string; payment: string }): Fields {
  const fields: Fields = []
  // What a caller names in Connection is between it and us (RFC 9110 section 7.6.1).
  const hopByHop = (request.headers.get('connection') ?? [])
    .join(',')
    .toLowerCase()
    .split(/[\s,]+/)
  for (const name of REQUEST_FIELDS) {
    if (hopByHop.includes(name)) continue
    for (const value of request.headers.get(name) ?? []) fields.push([name, value])
  }
  fields.push(['x-farebox-request-id', request.id])
  if (paid) fields.push(['x-farebox-payer', paid.payer], ['x-farebox-payment', paid.payment])
  return fields
}

/** Header fields for the caller. A paid answer belongs to one payer, so no cache may keep it (threats T18). */
export function responseHeaders(fields: readonly (readonly [string, string])[], paid: boolean): Fields {
  const kept: Fields = []
  for (const [name, value] of fields) {
    const field = name.toLowerCase()
    if (RESPONSE_FIELDS.has(field) || (!paid && CACHE_FIELDS.has(field))) kept.push([field, value])
  }
  if (paid) kept.push(['cache-control', 'no-store, private'])
  return kept
}
