import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the upstream received. */
export interface Hit {
  readonly method: string
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Behaviour = (hit: Hit, response: ServerResponse) => void

/** An upstream that counts what reaches it and behaves as told. */
export interface CountingUpstream {
  readonly url: string
  readonly hits: Hit[]
  /** How the next requests are answered; `undefined` goes back to 200 with what was received. */
  behave(behaviour: Behaviour | undefined): void
  stop(): Promise<void>
}

const echo: Behaviour = (hit, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ data: 'sold', target: hit.target, body: hit.body }))
}

export async function startUpstream(): Promise<CountingUpstream> {
  const hits: Hit[] = []
  let current = echo
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece) => pieces.push(piece))
    request.on('end', () => {
      const hit = {
        method: request.method ?? '',
        target: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces).toString(),
      }
      hits.push(hit)
      current(hit, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    behave(behaviour) {
      current = behaviour ?? echo
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
