import { Readable } from 'node:stream'
import { type HeaderFields, type Upstream, UpstreamUnavailable } from '../../ports/upstream.ts'
import { Pool } from '../undici.ts'

export interface UpstreamOptions {
  /** Origin and base path; nothing a caller sends can change either. */
  readonly url: string
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
}

const CONNECTIONS = 128

/** An HTTP API behind a pool of connections. Responses stream; redirects and content encodings pass through untouched. */
export function openUpstream({ url, timeoutMs, headers }: UpstreamOptions): Upstream {
  const { origin, pathname } = new URL(url)
  const base = pathname.replace(/\/+$/, '')
  const own = Object.entries(headers)
  const pool = new Pool(origin, {
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs },
  })
  return {
    async send({ request, headers: fields, body, signal }) {
      const flat = [...fields, ...own].flat()
      const payload = body instanceof Uint8Array ? (body.length > 0 ? body : null) : body ? Readable.from(body) : null
      // The wait for a free connection counts too: the caller has paid and must not wait for ever.
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), timeoutMs)
      try {
        const response = await pool.request({
          method: request.method as 'GET',
          path: `${base}${request.target.raw}`,
          headers: flat,
          body: payload,
          signal: AbortSignal.any([signal, late.signal]),
          responseHeaders: 'raw',
        })
        // Whoever reads the body learns of its end; one that is thrown away unread must not bring the process down.
        response.body.on('error', () => undefined)
        return { status: response.statusCode, headers: pairs(response.headers), body: response.body }
      } catch (error) {
        throw new UpstreamUnavailable((error as Error).message)
      } finally {
        clearTimeout(timer)
      }
    },
    close: () => pool.close(),
  }
}

/** undici gives raw headers as a flat list when asked to, though its types say otherwise. */
function pairs(headers: unknown): HeaderFields {
  const flat = headers as Buffer[]
  const fields: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2)
    fields.push([String(flat[i]), Buffer.from(flat[i + 1] as Buffer).toString('latin1')])
  return fields
}
