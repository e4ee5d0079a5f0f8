import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { createApp } from './app.ts'
import { loadMarket } from './market.ts'
import { warm } from './warm.ts'

/** Milliseconds that open requests are given when the process is told to end. */
const DRAIN_MS = 10_000

const environment = z.object({
  PORT: z.string().regex(/^\d+$/).transform(Number).pipe(z.int().max(65_535)).default(4010),
  HOST: z.string().min(1).default('127.0.0.1'),
  ANALYTICS_TOKEN: z.string().min(1).optional(),
})

const settings = environment.safeParse(process.env)
if (!settings.success) {
  process.stderr.write(`${z.prettifyError(settings.error)}\n`)
  process.exit(1)
}

const { PORT, HOST, ANALYTICS_TOKEN } = settings.data
const market = loadMarket()
const app = createApp({ market, ...(ANALYTICS_TOKEN === undefined ? {} : { token: ANALYTICS_TOKEN }) })
const server = createServer(app)
// Longer than the gateway's pool keeps a connection, so that it is never this side that closes one under a request.
server.keepAliveTimeout = 65_000

server.on('error', (error) => {
  process.stderr.write(`${JSON.stringify({ msg: 'cannot listen', error: error.message })}\n`)
  process.exit(1)
})

server.listen(PORT, HOST, () => {
  const { address, family, port } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url: `http://${host}:${port}` })}\n`)
  void warm(market)
})

/** Takes no more connections, answers what was asked, and lets each connection go as it falls idle. */
function drain(): void {
  server.close(() => process.exit(0))
  setInterval(() => server.closeIdleConnections(), 50).unref()
  setTimeout(() => process.exit(0), DRAIN_MS).unref()
}

process.once('SIGTERM', drain)
process.once('SIGINT', drain)
