import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PortTaken } from '../../ports.ts'
import type { Chain } from '../chain.ts'
import { dispatch } from './dispatch.ts'
import { toJson } from './json.ts'
import { methodTable } from './methods.ts'

/** A node's default. */
const MAX_BODY_BYTES = 50 * 1024

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, GET, OPTIONS',
  'access-control-allow-headers': 'content-type, solana-client',
}

export interface RpcServer {
  url: string
  close(): Promise<void>
}

/**
 * Serves a chain over HTTP. Port 0 lets the system choose.
 *
 * @throws PortTaken
 */
export async function serveRpc(chain: Chain, port: number, host: string): Promise<RpcServer> {
  const methods = methodTable(chain)
  const server = createServer((request, response) => {
    handle(request, response, (body) => dispatch(methods, body)).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTaken(port, 'solana') : error),
    )
    server.listen(port, host, resolve)
  })
  const { port: chosen } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${chosen}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function handle(request: IncomingMessage, response: ServerResponse, answer: (body: string) => unknown) {
  if (request.method === 'OPTIONS') return send(response, 204, '')
  if (request.method === 'GET' && request.url === '/health') return send(response, 200, 'ok', 'text/plain')
  if (request.method !== 'POST') return send(response, 405, 'POST or OPTIONS is required\n', 'text/plain')
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return send(response, 415, 'Content-Type: application/json is required\n', 'text/plain')
  }
  const body = await readBody(request)
  if (body === undefined) return send(response, 413, `a request has at most ${MAX_BODY_BYTES} bytes\n`, 'text/plain')
  const reply = answer(body)
  return send(response, 200, reply === undefined ? '' : toJson(reply))
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return length > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { ...CORS, 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
