import { createHandler, type Handler, type Probe } from './adapters/edge/handler.ts'
import { embeddedEvm } from './adapters/evm/embedded.ts'
import { evmNetwork } from './adapters/evm/network.ts'
import { remoteFacilitator } from './adapters/facilitator/remote.ts'
import { openRpc, type Rpc } from './adapters/rpc.ts'
import { embeddedSolana } from './adapters/solana/embedded.ts'
import { solanaNetwork } from './adapters/solana/network.ts'
import { openUpstream } from './adapters/upstream/pool.ts'
import type { Caip2 } from './domain/ids.ts'
import { seconds } from './domain/ids.ts'
import { line } from './line.ts'
import { health } from './operate/health.ts'
import type { Clock } from './ports/clock.ts'
import type { Facilitator } from './ports/facilitator.ts'
import type { Log } from './ports/log.ts'
import type { Network } from './ports/network.ts'
import type { Parts } from './ports/parts.ts'
import type { Store } from './ports/store.ts'
import { buildCatalogue } from './pricing/catalogue.ts'
import type {
  EvmAssetConfig,
  EvmNetworkConfig,
  NetworkConfig,
  Pricing,
  SolanaAssetConfig,
  SolanaNetworkConfig,
} from './pricing/schema.ts'

export interface AppOptions {
  readonly pricing: Pricing
  /** Called last: a price list that cannot be used opens no store. */
  readonly openStore: () => Promise<Store>
  readonly log: Log
  readonly publicUrl?: string | undefined
}

/** A gateway whose parts are joined, not yet listening. */
export interface App {
  readonly parts: Parts
  readonly handler: Handler
  /** Says no to the ready probe from now on. */
  retire(): void
  close(): Promise<void>
}

const systemClock: Clock = { now: () => seconds(Math.floor(Date.now() / 1_000)) }

/** Joins adapters to ports; the only place that knows both. */
export async function createApp({ pricing, openStore, log, publicUrl }: AppOptions): Promise<App> {
  const catalogue = buildCatalogue(pricing)
  const networks = new Map<Caip2, Network>()
  const facilitators = new Map<Caip2, Facilitator>()
  const rpcs: Rpc[] = []
  for (const [key, config] of Object.entries(pricing.networks)) {
    const rpc = openRpc(config.rpc)
    rpcs.push(rpc)
    const { network, facilitator } = await openChain(pricing, key, config, rpc, log)
    networks.set(network.id, network)
    facilitators.set(network.id, facilitator)
  }
  const upstreams = new Map(Object.entries(pricing.upstreams).map(([key, config]) => [key, openUpstream(config)]))
  const store = await openStore()
  const parts: Parts = { catalogue, networks, facilitators, upstreams, store, clock: systemClock, log }
  const { live, ready, retire } = health(store)
  const probes = new Map<string, () => Promise<Probe>>([
    ['/livez', live],
    ['/readyz', ready],
  ])
  const handler = createHandler({
    line: (request, client) => line(parts, request, client),
    probes,
    hasRoute: (path) => catalogue.routes.has(path),
    log,
    publicUrl,
    maxBodyBytes: catalogue.maxBodyBytes,
  })
  return {
    parts,
    handler,
    retire,
    async close() {
      await Promise.all([...facilitators.values(), ...upstreams.values(), ...rpcs].map((part) => part.close()))
      await store.close()
    },
  }
}

async function openChain(
  pricing: Pricing,
  key: string,
  config: NetworkConfig,
  rpc: Rpc,
  log: Log,
): Promise<{ network: Network; facilitator: Facilitator }> {
  const tokens = Object.values(pricing.assets).flatMap(({ on }) => on[key] ?? [])
  const id = config.id as Caip2
  const network = isSolanaConfig(config)
    ? await solanaNetwork({
        id,
        rpc,
        payTo: config.payTo,
        mints: tokens as SolanaAssetConfig[],
        caps: { maxComputeUnits: config.maxComputeUnits, maxComputeUnitPrice: BigInt(config.maxComputeUnitPrice) },
        clock: systemClock,
      })
    : evmNetwork({ id, rpc, tokens: tokens as EvmAssetConfig[] })
  if (config.facilitator !== 'embedded')
    return { network, facilitator: await remoteFacilitator(config.facilitator, network, log, config.confirmMs) }
  const facilitator = isSolanaConfig(config)
    ? embeddedSolana({ rpc, network, feePayerKey: config.feePayer ?? '', confirmMs: config.confirmMs })
    : embeddedEvm({
        rpc,
        network,
        relayerKey: config.relayer ?? '',
        chainId: Number(id.slice('eip155:'.length)),
        confirmMs: config.confirmMs,
        log,
      })
  return { network, facilitator }
}

function isSolanaConfig(config: EvmNetworkConfig | SolanaNetworkConfig): config is SolanaNetworkConfig {
  return config.id.startsWith('solana:')
}
