import { createHandler, type Handler, type Probe } from './adapters/edge/handler.ts'
import { evmWallets } from './adapters/evm/wallets.ts'
import { openRpc, type Rpc } from './adapters/rpc.ts'
import { solanaWallets } from './adapters/solana/wallets.ts'
import { openUpstream } from './adapters/upstream/pool.ts'
import { openFacilitator, openNetwork, systemClock } from './chains.ts'
import type { Caip2 } from './domain/ids.ts'
import { type Milliseconds, milliseconds } from './domain/ids.ts'
import { line } from './line.ts'
import { health } from './operate/health.ts'
import { payments } from './operate/payments.ts'
import { openQuarantine } from './operate/quarantine.ts'
import type { Facilitator } from './ports/facilitator.ts'
import type { Log } from './ports/log.ts'
import type { Network } from './ports/network.ts'
import type { Parts } from './ports/parts.ts'
import type { Store } from './ports/store.ts'
import { buildCatalogue } from './pricing/catalogue.ts'
import type { Pricing } from './pricing/schema.ts'
import { decode } from './steps/decode.ts'
import { every, type Recurring } from './workers/every.ts'
import { reconcile } from './workers/reconcile.ts'

export interface AppOptions {
  readonly pricing: Pricing
  /** Called once the price list is known to be usable. */
  readonly openStore: () => Promise<Store>
  readonly log: Log
  readonly publicUrl?: string | undefined
}

/** A gateway whose parts are joined, not yet listening. */
export interface App {
  readonly parts: Parts
  readonly handler: Handler
  /** Whether a path is one that the gateway sells, gives, or tells payers of their payments under. */
  answers(path: string): boolean
  /** Begins the work that no request asks for: reconciling, keeping the relayers' lanes, opening what was shut. */
  work(pause?: Milliseconds): void
  /** Says no to the ready probe from now on. */
  retire(): void
  close(): Promise<void>
}

const WORK_PAUSE = milliseconds(1_000)

/** Joins adapters to ports; with chains.ts the only place that knows both. */
export async function createApp({ pricing, openStore, log, publicUrl }: AppOptions): Promise<App> {
  const catalogue = buildCatalogue(pricing)
  const rpcs = new Map<string, Rpc>()
  const networks = new Map<Caip2, Network>()
  for (const [name, config] of Object.entries(pricing.networks)) {
    const rpc = openRpc(config.rpc)
    rpcs.set(name, rpc)
    const network = await openNetwork(pricing, name, rpc)
    networks.set(network.id, network)
  }
  const upstreams = new Map(Object.entries(pricing.upstreams).map(([key, config]) => [key, openUpstream(config)]))
  const store = await openStore()
  const facilitators = new Map<Caip2, Facilitator>()
  const keepers: (() => Promise<void>)[] = []
  try {
    for (const [name, config] of Object.entries(pricing.networks)) {
      const network = networks.get(config.id as Caip2) as Network
      const { facilitator, keep } = await openFacilitator(config, network, rpcs.get(name) as Rpc, store.lanes, log)
      facilitators.set(network.id, facilitator)
      if (keep) keepers.push(keep)
    }
  } catch (error) {
    await store.close()
    throw error
  }
  const quarantine = openQuarantine({ store, networks, log })
  const parts: Parts = { catalogue, networks, facilitators, upstreams, store, quarantine, clock: systemClock, log }
  const { live, ready, retire } = health(store)
  const probes = new Map<string, () => Promise<Probe>>([
    ['/livez', live],
    ['/readyz', ready],
  ])
  const wallets = new Map([
    ['eip155', evmWallets],
    ['solana', solanaWallets],
  ])
  const { skewSeconds, leaseMs } = catalogue
  const pages = payments({ store, networks, wallets, decode, clock: systemClock, log, publicUrl, skewSeconds })
  const handler = createHandler({
    line: (request, client) => line(parts, request, client),
    probes,
    hasRoute: (path) => catalogue.routes.has(path),
    payments: pages,
    log,
    publicUrl,
    maxBodyBytes: catalogue.maxBodyBytes,
  })
  const recurring: Recurring[] = []
  return {
    parts,
    handler,
    answers: (path) => catalogue.routes.has(path) || pages(path) !== undefined,
    work(pause = WORK_PAUSE) {
      recurring.push(
        every(pause, 'reconcile', () => reconcile(parts, { leaseMs }), log),
        every(pause, 'quarantine', () => quarantine.check(), log),
        ...keepers.map((keep) => every(pause, 'lanes', keep, log)),
      )
    },
    retire,
    async close() {
      await Promise.all(recurring.map((task) => task.stop()))
      await Promise.all([...facilitators.values(), ...upstreams.values(), ...rpcs.values()].map((part) => part.close()))
      await store.close()
    },
  }
}
