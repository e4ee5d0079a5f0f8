import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { Problem } from './problem.ts'

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * Lets a request pass that carries `Authorization: Bearer <token>`.
 *
 * Compares digests of one length in constant time, so neither the token's bytes nor its length can be timed.
 */
export function bearer(token: string): RequestHandler {
  const expected = digest(token)
  return (req, _res, next) => {
    const given = /^bearer +(.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
    if (timingSafeEqual(digest(given), expected)) return next()
    const headers = { 'www-authenticate': 'Bearer realm="analytics"' }
    throw new Problem(401, 'unauthorized', 'Send Authorization: Bearer and the token of this service.', { headers })
  }
}
