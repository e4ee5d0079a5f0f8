import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * How calls fail. `down`: the connection is cut before anything is passed on. `deaf`: the call is passed on and its answer
 * lost. The others answer something that is no answer.
 */
export interface Fault {
  readonly fault: 'down' | 'deaf' | 'html' | 'empty' | 'null' | 'redirect' | 'error'
  /** Which methods. */
  readonly methods: RegExp
}

/** What a node answers in place of the real one. */
export type RpcAnswer = { readonly result: unknown } | { readonly error: { code: number; message: string } }

/** A node between the gateway and the real one, that fails as told. */
export interface Faults {
  readonly url: string
  readonly calls: string[]
  fail(fault: Fault | undefined): void
  /** Runs something before a call is passed on. */
  before(methods: RegExp, run: (() => Promise<void>) | undefined): void
  /** Answers calls itself, as a node does that lags, forgets or caps; what it gives no answer to is passed on. */
  answer(give: ((method: string, params: readonly unknown[]) => RpcAnswer | undefined) | undefined): void
  stop(): Promise<void>
}

/** Stands in front of a JSON-RPC node. Faults cannot be had from a real one when a test needs them. */
export async function faultyRpc(target: string): Promise<Faults> {
  let current: Fault | undefined
  let hook: { methods: RegExp; run: () => Promise<void> } | undefined
  let own: Parameters<Faults['answer']>[0]
  const calls: string[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces).toString()
    const { id, method = '', params = [] } = JSON.parse(body) as { id: number; method?: string; params?: unknown[] }
    calls.push(method)
    const given = own?.(method, params)
    if (given) return void response.end(JSON.stringify({ jsonrpc: '2.0', id, ...given }))
    const fault = current?.methods.test(method) ? current.fault : undefined
    if (fault === 'down') return void response.socket?.destroy()
    if (fault === 'html') return void response.end('<html>503</html>')
    if (fault === 'empty') return void response.end('{}')
    if (fault === 'null') return void response.end(JSON.stringify({ jsonrpc: '2.0', id, result: null }))
    if (hook?.methods.test(method)) await hook.run()
    if (fault === 'redirect') return void response.writeHead(307, { location: target }).end()
    if (fault === 'error') return void response.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"boom"}}')
    const answer = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const text = await answer.text()
    if (fault === 'deaf') return void response.socket?.destroy()
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    fail(fault) {
      current = fault
    },
    before(methods, run) {
      hook = run && { methods, run }
    },
    answer(give) {
      own = give
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
