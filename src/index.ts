import type { IncomingMessage, ServerResponse } from 'node:http'
import { createApp } from './app.ts'
import { pathOf } from './domain/request.ts'
import type { Log } from './ports/log.ts'
import { parsePricing } from './pricing/load.ts'
import { createLog, openStore, readPricing, secretSource } from './settings.ts'

export { type ProblemCode, problems } from './domain/problems.ts'
export type { Problem } from './domain/refusal.ts'
export { StoreUnavailable } from './ports/store.ts'
export { BadPricing } from './pricing/load.ts'
export { BadSetting } from './settings.ts'
export type { Log }

export interface GatewayConfig {
  /** A path to a pricing.json, or what it would hold; secrets are references either way. */
  readonly pricing: string | object
  /** Where references like `${NAME}` are looked up. Default: process.env. */
  readonly env?: NodeJS.ProcessEnv
  /** Shared store; several instances that sell for one payee need the same one. Default: embedded, in storeDir. */
  readonly redisUrl?: string
  /** Directory of the embedded store. Default: ./.farebox */
  readonly storeDir?: string
  /** Default: JSON lines on stdout. */
  readonly log?: Log
  /** Origin under which callers reach the gateway, such as https://api.example.com. Default: from the Host header. */
  readonly publicUrl?: string
}

type Next = (error?: unknown) => void

/** A gateway to embed in somebody else's server. */
export interface Gateway {
  /**
   * Answers every route of the price list and the pages of payments, and passes everything else on: `app.use(gateway.middleware)`.
   *
   * Mount it before any body parser: it reads the bytes that were paid for.
   */
  readonly middleware: (request: IncomingMessage, response: ServerResponse, next: Next) => void
  /** Answers everything, the gateway's own probes included: `http.createServer(gateway.handler)`. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  close(): Promise<void>
}

/**
 * Opens a gateway.
 *
 * @throws BadPricing when the price list cannot be used
 * @throws StoreUnavailable when the store cannot be opened
 */
export async function createGateway(config: GatewayConfig): Promise<Gateway> {
  const env = config.env ?? process.env
  const log = config.log ?? createLog('info')
  const pricing =
    typeof config.pricing === 'string'
      ? readPricing(config.pricing, env)
      : parsePricing(JSON.stringify(config.pricing), secretSource(env))
  const { redisUrl, storeDir = './.farebox', publicUrl } = config
  const app = await createApp({ pricing, openStore: () => openStore({ redisUrl, storeDir }, log), log, publicUrl })
  app.work()
  return {
    middleware(request, response, next) {
      const { originalUrl, body } = request as IncomingMessage & { originalUrl?: string; body?: unknown }
      const path = pathOf(originalUrl ?? request.url ?? '/')
      if (!app.answers(path)) next()
      else if (body !== undefined && request.readableEnded)
        next(new Error('farebox: mount the gateway before any body parser'))
      else void app.handler(request, response)
    },
    handler: app.handler,
    close: () => app.close(),
  }
}
