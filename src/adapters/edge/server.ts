import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Handler } from './handler.ts'

/** Bounds of one connection (threats T22); a slow or endless request head is cut off. */
const MAX_HEADER_BYTES = 32 * 1024
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 65_000
const DRAIN_MS = 30_000
const IDLE_MS = 120_000
const MAX_PIPELINED = 16

/** A listening gateway. */
export interface Listener {
  readonly url: string
  /** Stops taking connections, lets what is under way finish, then closes. */
  drain(): Promise<void>
}

/** @throws when the port is taken */
export async function listen(handler: Handler, host: string, port: number): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      insecureHTTPParser: false,
    },
    handler,
  )
  const connections = trackConnections(server)
  server.on('upgrade', refuseTunnel)
  server.on('connect', refuseTunnel)
  // Nothing moved for this long: a reader that stalls must not hold an upstream's connection for ever (threats T22).
  server.setTimeout(IDLE_MS)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, drain: () => drain(server, connections) }
}

/** We take no protocol upgrade and no tunnel: such a connection is closed (threats T21). */
function refuseTunnel(_: unknown, socket: Duplex): void {
  // node:http has taken its own listener off: without one, a reset would end the process.
  socket.on('error', () => undefined)
  socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', () => socket.destroy())
}

/**
 * Knows which connections a request is under way on. node:http counts one that was opened and never used as busy, and
 * would wait for it.
 */
function trackConnections(server: Server) {
  const busy = new Map<Socket, number>()
  let draining = false
  server.on('connection', (socket: Socket) => {
    busy.set(socket, 0)
    socket.once('close', () => busy.delete(socket))
  })
  server.prependListener('request', ({ socket }, response: ServerResponse) => {
    const requests = (busy.get(socket) ?? 0) + 1
    // Pipelining is answered in order, so one connection could queue work without end.
    if (requests > MAX_PIPELINED) {
      socket.destroy()
      return
    }
    busy.set(socket, requests)
    if (draining) response.shouldKeepAlive = false
    response.once('close', () => {
      const left = (busy.get(socket) ?? 1) - 1
      if (busy.has(socket)) busy.set(socket, left)
      if (draining && left === 0) socket.end()
    })
  })
  return {
    /** Closes every connection as soon as nothing is under way on it. */
    retire() {
      draining = true
      for (const [socket, requests] of busy) if (requests === 0) socket.destroy()
    },
  }
}

async function drain(server: Server, connections: ReturnType<typeof trackConnections>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  connections.retire()
  const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearTimeout(force)
}
