import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 20_000

/** Waits until an address answers with a 2xx, and fails with one line that holds its last answer. */
export async function answers(name: string, url: string, init: RequestInit = {}): Promise<void> {
  let last = 'no answer'
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) })
      const body = await response.text()
      if (response.ok && !isRpcError(body)) return
      last = `${response.status} ${body.replaceAll(/\s+/g, ' ').slice(0, 300)}`
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
  }
  throw new Error(`${name} at ${url} is not ready: ${last}`)
}

export const rpcCall = (method: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] }),
})

function isRpcError(body: string): boolean {
  try {
    return JSON.parse(body).error !== undefined
  } catch {
    return false
  }
}
