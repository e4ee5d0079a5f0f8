import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that was let through to the upstream. */
export interface Hit {
  readonly method: string
  readonly target: string
  readonly headers: IncomingMessage['headers']
}

/** Stands before the real upstream and counts. */
export interface PassThrough {
  readonly url: string
  readonly hits: Hit[]
  /** Where it leads. */
  lead(upstream: string): void
  stop(): Promise<void>
}

export async function startPassThrough(): Promise<PassThrough> {
  const hits: Hit[] = []
  let upstream = ''
  const server = createServer((incoming, outgoing) => {
    const { method = '', url: target = '', headers } = incoming
    hits.push({ method, target, headers })
    const onward = request(`${upstream}${target}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    lead(to) {
      upstream = to
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
