import { type Refusal, refuse } from '../domain/refusal.ts'
import { type EdgeRequest, fingerprintOf, type PricedRequest, type Target } from '../domain/request.ts'

const BODILESS = new Set(['GET', 'HEAD', 'DELETE'])

/** Whether a body means anything with a method: where it does not, readers differ on what becomes of it (RFC 9110 section 9.3.1). */
export const takesBody = (method: string): boolean => !BODILESS.has(method)

/** Reads the body of a paid request whole, bounded: the bytes that are read are the bytes that are forwarded (threats T10). */
export async function accept(request: EdgeRequest, target: Target): Promise<PricedRequest | Refusal> {
  if (request.hasBody && !takesBody(request.method)) return refuse('body_not_allowed')
  const body = await request.readBody()
  if (body.outcome !== 'read') return refuse(body.outcome === 'too-large' ? 'body_too_large' : 'body_unreadable')
  return {
    method: request.method,
    target,
    body: body.bytes,
    fingerprint: fingerprintOf(request.method, target.raw, body.bytes),
  }
}
