import { Pool } from 'undici'

const TIMEOUT_MS = 10_000
const CONNECTIONS = 64
const MAX_ANSWER_BYTES = 256 * 1024

/** A facilitator's HTTP interface. Each call gives its JSON answer, or undefined for anything that is none: it throws nothing. */
export interface FacilitatorApi {
  get(path: string): Promise<unknown>
  post(path: string, body: object): Promise<unknown>
  close(): Promise<void>
}

export function openFacilitatorApi(url: string): FacilitatorApi {
  const { origin, pathname } = new URL(url)
  const base = pathname.replace(/\/+$/, '')
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 })

  const ask = async (method: 'GET' | 'POST', path: string, body: string | null): Promise<unknown> => {
    try {
      // No redirect is followed: a facilitator that moved is one that nobody configured (threats T16).
      const response = await pool.request({
        path: `${base}${path}`,
        method,
        headers: { accept: 'application/json', ...(body !== null && { 'content-type': 'application/json' }) },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const pieces: Buffer[] = []
      let length = 0
      for await (const piece of response.body as AsyncIterable<Buffer>) {
        length += piece.length
        if (length > MAX_ANSWER_BYTES) return undefined
        pieces.push(piece)
      }
      const isRedirect = response.statusCode >= 300 && response.statusCode < 400
      return isRedirect ? undefined : JSON.parse(Buffer.concat(pieces).toString('utf8'))
    } catch {
      return undefined
    }
  }
  return {
    get: (path) => ask('GET', path, null),
    post: (path, body) => ask('POST', path, JSON.stringify(body)),
    close: () => pool.destroy(),
  }
}
