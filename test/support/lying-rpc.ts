import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface JsonRpc {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

/** Changes what the real node said. */
export type Change = (result: unknown, params: readonly unknown[]) => unknown

/** A node that answers like one, and not the truth. */
export interface LyingRpc {
  readonly url: string
  readonly calls: string[]
  /** Lies about these methods; the last lie that matches counts. */
  lie(methods: RegExp, change: Change): void
  /** Has these methods fail as if the node had none. */
  miss(methods: RegExp): void
  /** Speaks for another node from now on. */
  become(target: string): void
  honest(): void
  stop(): Promise<void>
}

/** Stands in front of a JSON-RPC node. No real one lags or forgets when a test needs it to. */
export async function lyingRpc(target: string): Promise<LyingRpc> {
  let behind = target
  let missing: RegExp | undefined
  const lies: { methods: RegExp; change: Change }[] = []
  const calls: string[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces).toString()
    const { id, method, params } = JSON.parse(body) as JsonRpc
    calls.push(method)
    const reply = (answer: object) => response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    if (missing?.test(method)) return reply({ error: { code: -32601, message: 'Method not found' } })
    const answer = (await (
      await fetch(behind, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    ).json()) as { result?: unknown; error?: unknown }
    const lie = lies.findLast(({ methods }) => methods.test(method))
    if (lie && 'result' in answer) return reply({ result: lie.change(answer.result, params) })
    reply('result' in answer ? { result: answer.result } : { error: answer.error })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    lie(methods, change) {
      lies.push({ methods, change })
    },
    miss(methods) {
      missing = methods
    },
    become(other) {
      behind = other
    },
    honest() {
      behind = target
      missing = undefined
      lies.length = 0
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
