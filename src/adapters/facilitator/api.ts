import { Pool } from 'undici'
import { askJson } from '../http-json.ts'

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
      const bounds = { timeoutMs: TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES }
      return await askJson(pool, { method, path: `${base}${path}`, body, ...bounds })
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
