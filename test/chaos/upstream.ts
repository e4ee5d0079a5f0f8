import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that reached the upstream, as it came. */
export interface UpstreamHit {
  /** X-Farebox-Payment. */
  readonly payment: string | undefined
  readonly target: string
  /** From the look that was taken at the chain when it came. */
  readonly settled: boolean
}

/** Sells bodies of which no two are alike, in several pieces, and notes who came. */
export interface SellingUpstream {
  readonly url: string
  /** The hits since the last call. */
  takeHits(): UpstreamHit[]
  stop(): Promise<void>
}

/** Past the size up to which a gateway keeps a copy of a response (1 MiB). */
const LARGE_BYTES = 1_200_000
const SMALL_BYTES = 900
const PIECES = 3

/** @param isSettled whether the chain shows the payment's transfer, asked at the moment of the hit */
export async function sellingUpstream(isSettled: (payment: string) => Promise<boolean>): Promise<SellingUpstream> {
  let hits: UpstreamHit[] = []
  let serial = 0
  const server = createServer(async (request, response) => {
    const payment = request.headers['x-farebox-payment']?.toString()
    const target = request.url ?? ''
    const settled = payment !== undefined && (await isSettled(payment).catch(() => false))
    hits.push({ payment, target, settled })
    request.resume()
    const size = target.includes('large') ? LARGE_BYTES : SMALL_BYTES
    const body = Buffer.from(JSON.stringify({ serial: ++serial, pad: '.'.repeat(size) }))
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(target.includes('sized') && { 'content-length': body.length }),
    })
    response.flushHeaders()
    await inPieces(response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeHits() {
      const taken = hits
      hits = []
      return taken
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function inPieces(response: ServerResponse, body: Buffer): Promise<void> {
  const size = Math.ceil(body.length / PIECES)
  for (let from = 0; from < body.length && !response.destroyed; from += size) {
    await new Promise((resolve) => response.write(body.subarray(from, from + size), resolve))
    await new Promise(setImmediate)
  }
  response.end()
}
