import { askJson } from '../http-json.ts'
import { Pool } from '../undici.ts'

const CONNECTIONS = 64
const MAX_ANSWER_BYTES = 256 * 1024

/** A facilitator's HTTP interface. Each call gives its JSON answer, or undefined for anything that is none: it throws nothing. */
export interface FacilitatorApi {
  get(path: string, timeoutMs: number): Promise<unknown>
  post(path: string, body: object, timeoutMs: number): Promise<unknown>
  close(): Promise<void>
}

export function openFacilitatorApi(url: string): FacilitatorApi {
  const { origin, pathname } = new URL(url)
  const base = pathname.replace(/\/+$/, '')
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 })

  const ask = async (method: 'GET' | 'POST', path: string, body: string | null, timeoutMs: number) => {
    try {
      return await askJson(pool, {
        method,
        path: `${base}${path}`,
        body,
        timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      })
    } catch {
      return undefined
    }
  }
  return {
    get: (path, timeoutMs) => ask('GET', path, null, timeoutMs),
    post: (path, body, timeoutMs) => ask('POST', path, JSON.stringify(body), timeoutMs),
    close: () => pool.destroy(),
  }
}
