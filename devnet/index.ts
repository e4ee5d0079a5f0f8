import { type Description, describe } from './description.ts'
import { type EvmChain, startEvm } from './evm/index.ts'
import { preparePlace } from './place.ts'
import { claimPort } from './ports.ts'
import { answers, rpcCall } from './probe.ts'
import { startGateway, startUpstream } from './services.ts'
import { type SolanaChain, startSolana } from './solana/index.ts'

export type { Description } from './description.ts'
export { type EvmAccount, type EvmChain, type EvmFunds, type EvmOptions, startEvm } from './evm/index.ts'
export { PortTaken } from './ports.ts'
export {
  type Keypair,
  type SolanaChain,
  type SolanaFunds,
  type SolanaOptions,
  startSolana,
} from './solana/index.ts'

export interface DevnetOptions {
  /** Ports; 0 lets the system choose. By default 8545, 8899, 4010 and 4020; further gateways take the ports after it. */
  evmPort?: number
  solanaPort?: number
  upstreamPort?: number
  gatewayPort?: number
  /** Seconds between blocks on Base; without it, each transaction is mined at once. */
  blockTime?: number
  /** Milliseconds from landing to `confirmed` on Solana. */
  solanaDelay?: number
  /** Without it, the gateways share an embedded store in a fresh directory. */
  redisUrl?: string
  /** Gateways on one store. */
  instances?: number
  /** By default the repository's. */
  pricingFile?: string
  /** For logs, the embedded store and `devnet.json`; relative to the repository. */
  dir?: string
  /** Whether to write `devnet.json`. */
  writeFile?: boolean
}

/** Local chains, an upstream and gateways in front of it, in which payments work as in the world. */
export interface Devnet {
  /** The first gateway's address. */
  gateway: string
  gateways: readonly Gateway[]
  upstream: string
  /** The Redis URL, or `lmdb:<directory>`. */
  store: string
  evm: EvmChain
  solana: SolanaChain
  description: Description
  /** Starts one more gateway on the same store; by default on a port of the system's choosing. */
  addGateway(port?: number): Promise<Gateway>
  /** Resolves with one line when a program ends that was not asked to. */
  failed: Promise<string>
  /** Ends everything, gateways first, and takes its files away, but for the logs. */
  stop(): Promise<void>
}

export interface Gateway {
  url: string
  pid: number
  /** Lets it finish what it is at. */
  stop(): Promise<void>
  /** Ends it as a crash would. */
  kill(): Promise<void>
}

/**
 * Starts it all, and resolves when all of it answers.
 *
 * @throws PortTaken before anything was started, else an Error of one line, with nothing left running.
 */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const ports = await claimPorts(options)
  const place = preparePlace(options.dir ?? '.devnet', options.redisUrl, options.writeFile ?? true)
  const ends: (() => Promise<unknown>)[] = []
  const begun = async <T>(starting: Promise<T>, end: (part: T) => Promise<unknown>): Promise<T> => {
    const part = await starting
    ends.unshift(() => end(part))
    return part
  }
  const stop = async (): Promise<void> => {
    place.withdraw()
    for (const end of ends.splice(0)) await end()
    await place.close()
  }

  try {
    const { blockTime, solanaDelay = 0, pricingFile = 'pricing.json' } = options
    const evmOptions = { port: ports.evm, ...(blockTime !== undefined && { blockTime }) }
    const [evm, solana, upstream] = await all([
      begun(startEvm(evmOptions), (chain) => chain.stop()),
      begun(startSolana({ port: ports.solana, confirmMs: solanaDelay }), (chain) => chain.stop()),
      begun(startUpstream(ports.upstream, place.log('analytics.log')), ({ child }) => child.stop()),
    ])

    let report: (line: string) => void = () => {}
    const failed = new Promise<string>((resolve) => {
      report = resolve
    })
    for (const { crashed } of [evm, upstream.child]) void crashed.then(report)

    const { store } = place
    const needs = { evm, solana, upstreamUrl: upstream.url, pricingFile, store, log: place.log('gateway.log') }
    const gateways: Gateway[] = []
    const addGateway = async (port = 0): Promise<Gateway> => {
      const { url, child } = await begun(startGateway(port, needs), ({ child }) => child.stop(DRAIN_MS))
      void child.crashed.then(report)
      await answers('gateway', `${url}/readyz`)
      const gateway = { url, pid: child.pid, stop: () => child.stop(DRAIN_MS), kill: child.kill }
      gateways.push(gateway)
      return gateway
    }
    const [first] = await all(ports.gateways.map((port) => addGateway(port)))
    if (first === undefined) throw new Error('a devnet has at least one gateway')
    await all([
      answers('anvil', evm.rpcUrl, rpcCall('eth_chainId')),
      answers('solana', solana.rpcUrl, rpcCall('getHealth')),
      answers('upstream', `${upstream.url}/v2/status`),
    ])

    const where = { gateway: first.url, upstream: upstream.url, store: place.storeName }
    const description = describe({ ...where, evm, solana })
    place.announce(description)
    return { ...where, gateways, evm, solana, description, addGateway, failed, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const PORTS = { evm: 8545, solana: 8899, upstream: 4010, gateway: 4020 }
/** More than a gateway takes to drain. */
const DRAIN_MS = 15_000

async function claimPorts({ instances = 1, ...options }: DevnetOptions) {
  const {
    evmPort: evm = PORTS.evm,
    solanaPort: solana = PORTS.solana,
    upstreamPort: upstream = PORTS.upstream,
  } = options
  const firstGateway = options.gatewayPort ?? PORTS.gateway
  const gateways = Array.from({ length: instances }, (_, index) => (firstGateway === 0 ? 0 : firstGateway + index))
  const named = [
    ...gateways.map((port) => [port, 'gateway'] as const),
    [upstream, 'upstream'] as const,
    [evm, 'anvil'] as const,
    [solana, 'solana'] as const,
  ]
  const holders = new Map<number, string>()
  for (const [port, holder] of named.filter(([port]) => port !== 0)) {
    const other = holders.get(port)
    if (other !== undefined) throw new Error(`port ${port} is asked for twice: for ${other} and for ${holder}`)
    holders.set(port, holder)
    await claimPort(port, holder)
  }
  return { evm, solana, upstream, gateways }
}

/** Waits for all even when one fails, so that whatever did start is known and can be ended. */
async function all<const T extends readonly Promise<unknown>[]>(
  parts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(parts)
  return Promise.all(parts)
}
