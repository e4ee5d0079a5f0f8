import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from 'viem'
import { type EvmChain, startEvm } from '../../devnet/evm/index.ts'
import { type SolanaChain, startSolana } from '../../devnet/solana/index.ts'
import { listen } from '../../src/adapters/edge/server.ts'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { type App, createApp } from '../../src/app.ts'
import { milliseconds } from '../../src/domain/ids.ts'
import type { Store } from '../../src/ports/store.ts'
import { parsePricing } from '../../src/pricing/load.ts'
import { decode, encode, type SignOptions, signBase, type WireOffer } from './evm-payment.ts'
import { memoryLog } from './log.ts'
import { startRedis } from './redis-server.ts'
import { type CountingUpstream, startUpstream } from './upstream.ts'

type Members = Record<string, Record<string, unknown>>
/** A price list as it is written. */
export interface PricingJson {
  networks: Members
  assets: Members
  upstreams: Members
  routes: Members
  [other: string]: unknown
}

export interface WorldOptions {
  readonly store?: 'lmdb' | 'redis'
  readonly redisUrl?: string
  readonly solana?: boolean
  /** False: nothing is reconciled but by the test. */
  readonly work?: boolean
  /** Changes the price list before it is read. */
  readonly pricing?: (pricing: PricingJson, world: { evm: EvmChain; upstreamUrl: string }) => void
}

/** One gateway, listening. */
export interface RunningGateway {
  readonly url: string
  readonly log: ReturnType<typeof memoryLog>
  readonly store: Store
  readonly app: App
  stop(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly json: any
}

/** Real chains, a counting upstream and gateways on one store. */
export interface World {
  readonly evm: EvmChain
  readonly solana: SolanaChain | undefined
  readonly upstream: CountingUpstream
  readonly gateway: RunningGateway
  addGateway(change?: WorldOptions['pricing']): Promise<RunningGateway>
  /** The v2 offers of a route, as an unpaid call is told them. */
  offers(target?: string, gateway?: RunningGateway): Promise<WireOffer[]>
  /** Signs the Base offer of a route. */
  sign(more?: Partial<SignOptions>, target?: string): ReturnType<typeof signBase>
  /** Sends a request; a payment goes into the header of its protocol. */
  call(
    payment?: { x402Version: number } | undefined,
    init?: RequestInit & { target?: string; gateway?: RunningGateway },
  ): Promise<Answer>
  /** What the payee holds on Base, in atomic units. */
  revenue(): Promise<bigint>
  stop(): Promise<void>
}

/** Often, so that tests need not wait. */
const WORK_PAUSE = milliseconds(200)

export const TARGET = '/v2/data?symbol=BTC'

const pricingFor = (evm: EvmChain, solana: SolanaChain | undefined, upstreamUrl: string): PricingJson => ({
  networks: {
    base: { id: evm.network, payTo: evm.accounts.payee.address, rpc: evm.rpcUrl, relayer: '${RELAYER}' },
    ...(solana && {
      solana: {
        id: solana.network,
        payTo: solana.accounts.payee.address,
        rpc: solana.rpcUrl,
        feePayer: '${FEE_PAYER}',
      },
    }),
  },
  assets: {
    USDC: {
      usd: '1',
      on: {
        base: { address: evm.assets.USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } },
        ...(solana && { solana: { mint: solana.assets.USDC, decimals: 6 } }),
      },
    },
  },
  upstreams: { api: { url: upstreamUrl, timeoutMs: 1_000 } },
  routes: {
    'GET /v2/data': {
      upstream: 'api',
      price: '$0.034',
      input: {
        query: {
          type: 'object',
          properties: { symbol: { type: 'string', enum: ['BTC', 'ETH'] } },
          required: ['symbol'],
          additionalProperties: false,
        },
      },
    },
    'GET /v2/dear': { upstream: 'api', price: '$5' },
    'POST /v2/chat': {
      upstream: 'api',
      price: '$0.068',
      input: {
        body: {
          type: 'object',
          properties: { prompt: { type: 'string' } },
          required: ['prompt'],
          additionalProperties: false,
        },
      },
    },
    'GET /v2/status': { upstream: 'api', free: true },
    'POST /v2/free': { upstream: 'api', free: true },
  },
})

/** Starts a world; every part of it is real but the upstream, which counts. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const [evm, solana, upstream] = await Promise.all([
    startEvm(),
    options.solana ? startSolana() : undefined,
    startUpstream(),
  ])
  // One payee address, one store: a chain of one's own wants a store of one's own.
  const redis = options.store === 'redis' && options.redisUrl === undefined ? await startRedis() : undefined
  const redisUrl = options.redisUrl ?? redis?.url
  const directory = mkdtempSync(join(tmpdir(), 'farebox-world-'))
  const gateways: RunningGateway[] = []
  const env: Record<string, string | undefined> = {
    RELAYER: evm.accounts.relayer.privateKey,
    FEE_PAYER: solana?.accounts.feePayer.secretKey,
  }

  // LMDB is opened once in a process; gateways of one process share it, as those of several share the directory.
  let lmdb: Store | undefined
  const embedded = (): Store => {
    lmdb ??= openLmdb(directory)
    return { ...lmdb, close: async () => undefined }
  }
  const addGateway = async (change = options.pricing): Promise<RunningGateway> => {
    const json = pricingFor(evm, solana, upstream.url)
    change?.(json, { evm, upstreamUrl: upstream.url })
    const pricing = parsePricing(JSON.stringify(json), { env: (name) => env[name], file: () => undefined })
    const log = memoryLog()
    const store = redisUrl === undefined ? embedded() : await openRedis(redisUrl, log)
    const app = await createApp({ pricing, openStore: async () => store, log })
    if (options.work !== false) app.work(WORK_PAUSE)
    const listener = await listen(app.handler, '127.0.0.1', 0)
    const gateway = {
      url: listener.url,
      log,
      store,
      app,
      stop: async () => {
        await listener.drain()
        await app.close()
      },
    }
    gateways.push(gateway)
    return gateway
  }
  const gateway = await addGateway()

  const call: World['call'] = async (payment, { target = TARGET, gateway: at = gateway, headers, ...init } = {}) => {
    const name = payment?.x402Version === 1 ? 'x-payment' : 'payment-signature'
    const response = await fetch(`${at.url}${target}`, {
      ...init,
      headers: { ...(headers as Record<string, string>), ...(payment && { [name]: encode(payment) }) },
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: text.startsWith('{') ? JSON.parse(text) : undefined,
    }
  }
  const offers: World['offers'] = async (target = TARGET, at = gateway) => {
    const response = await fetch(`${at.url}${target}`, { method: target.startsWith('/v2/chat') ? 'POST' : 'GET' })
    await response.arrayBuffer()
    return decode<{ accepts: WireOffer[] }>(response.headers.get('payment-required') ?? '').accepts
  }
  return {
    evm,
    solana,
    upstream,
    gateway,
    addGateway,
    offers,
    call,
    async sign(more = {}, target = TARGET) {
      const offer = more.offer ?? (await offers(target)).find(({ network }) => network === evm.network)
      if (!offer) throw new Error('no offer on Base')
      return signBase({ privateKey: evm.accounts.payer.privateKey as Hex, ...more, offer })
    },
    revenue: () => evm.balanceOf(evm.assets.USDC, evm.accounts.payee.address),
    async stop() {
      await Promise.all(gateways.map((one) => one.stop().catch(() => undefined)))
      await Promise.all([lmdb?.close(), redis?.stop(), evm.stop(), solana?.stop(), upstream.stop()])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
