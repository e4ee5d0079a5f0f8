import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EvmChain, startEvm } from '../../../devnet/evm/index.ts'
import { openRedis } from '../../../src/adapters/store/redis/index.ts'
import type { Store } from '../../../src/ports/store.ts'
import { decode, type WireOffer } from '../../support/evm-payment.ts'
import { memoryLog } from '../../support/log.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { type Faults, faultyRpc } from '../../support/rpc-proxy.ts'
import { type CountingUpstream, startUpstream } from '../../support/upstream.ts'
import { buildGateway } from '../build.ts'
import { type GatewayProcess, gatewayProcess } from '../gateway-process.ts'

/** The routes of the model, at the same prices. */
const PRICES = { '/before': '$0.034', '/parallel': '$0.017', '/after': '$0.068' }
export const LEASE_MS = 500

/** Real parts for a history: gateways in processes of their own, that can be killed, on one Redis and one chain. */
export interface Stage {
  readonly evm: EvmChain
  readonly redis: RedisServer
  readonly rpc: Faults
  readonly upstream: CountingUpstream
  readonly gateways: readonly GatewayProcess[]
  /** The same store, read from outside. */
  readonly store: Store
  offer(target: string): Promise<WireOffer>
  revenue(): Promise<bigint>
  close(): Promise<void>
}

export async function openStage(instances: number): Promise<Stage> {
  const built = buildGateway()
  const directory = mkdtempSync(join(tmpdir(), 'farebox-replay-'))
  const [evm, redis, upstream] = await Promise.all([startEvm(), startRedis(), startUpstream()])
  const rpc = await faultyRpc(evm.rpcUrl)
  const file = join(directory, 'pricing.json')
  writeFileSync(file, JSON.stringify(priceList(evm, rpc.url, upstream.url)))
  const env = { PRICING_FILE: file, REDIS_URL: redis.url, RELAYER: evm.accounts.relayer.privateKey }
  const gateways = Array.from({ length: instances }, () => gatewayProcess(join(built.dist, 'main.js'), env))
  await Promise.all(gateways.map((gateway) => gateway.start(0)))
  const store = await openRedis(redis.url, memoryLog())
  const offers = new Map<string, WireOffer>()
  return {
    evm,
    redis,
    rpc,
    upstream,
    gateways,
    store,
    async offer(target) {
      const known = offers.get(target)
      if (known) return known
      const unpaid = await fetch(`${gateways[0]?.url()}${target}`)
      const { accepts } = decode<{ accepts: WireOffer[] }>(unpaid.headers.get('payment-required') ?? '')
      offers.set(target, accepts[0] as WireOffer)
      return accepts[0] as WireOffer
    },
    revenue: () => evm.balanceOf(evm.assets.USDC, evm.accounts.payee.address),
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.kill()))
      await store.close()
      await Promise.all([rpc.stop(), upstream.stop(), evm.stop(), redis.stop()])
      built.remove()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function priceList(evm: EvmChain, rpc: string, upstreamUrl: string): object {
  const routes = Object.entries(PRICES).map(([path, price]) => {
    const settle = path.slice(1)
    return [`GET ${path}`, { upstream: 'api', price, ...(settle !== 'before' && { settle }) }]
  })
  const token = { address: evm.assets.USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } }
  return {
    networks: { base: { id: evm.network, payTo: evm.accounts.payee.address, rpc, relayer: '${RELAYER}' } },
    assets: { USDC: { usd: '1', on: { base: token } } },
    upstreams: { api: { url: upstreamUrl, timeoutMs: 1_000 } },
    routes: Object.fromEntries(routes),
    leaseMs: LEASE_MS,
  }
}
