import type { WriteStream } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from './child.ts'
import type { EvmChain } from './evm/index.ts'
import type { SolanaChain } from './solana/index.ts'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A program of this repository that serves HTTP. */
export interface Service {
  url: string
  child: Child
}

/** What the upstream asks of those who call it, and the gateway knows. */
const ANALYTICS_TOKEN = 'devnet-analytics-token'
const LISTENING_TIMEOUT_MS = 30_000
/** Levels at which a gateway still says that it listens. */
const TALKATIVE = ['trace', 'debug', 'info']

export function startUpstream(port: number, log: WriteStream): Promise<Service> {
  const main = join(ROOT, 'upstreams/analytics/main.ts')
  return startService('upstream', main, { PORT: String(port), HOST: '127.0.0.1', ANALYTICS_TOKEN }, log)
}

export interface GatewayNeeds {
  evm: EvmChain
  solana: SolanaChain
  upstreamUrl: string
  /** A Redis, or the directory of an embedded store. */
  store: { redisUrl: string } | { dir: string }
  pricingFile: string
  log: WriteStream
}

/** Starts a gateway, told by nothing but its environment that its chains are local. */
export function startGateway(port: number, needs: GatewayNeeds): Promise<Service> {
  const { evm, solana, store } = needs
  const level = process.env['LOG_LEVEL'] ?? ''
  const env = {
    PORT: String(port),
    HOST: '127.0.0.1',
    LOG_LEVEL: TALKATIVE.includes(level) ? level : 'info',
    PRICING_FILE: resolve(ROOT, needs.pricingFile),
    BASE_RPC_URL: evm.rpcUrl,
    BASE_PAY_TO: evm.accounts.payee.address,
    BASE_RELAYER_KEY: evm.accounts.relayer.privateKey,
    SOLANA_RPC_URL: solana.rpcUrl,
    SOLANA_PAY_TO: solana.accounts.payee.address,
    SOLANA_FEE_PAYER_KEY: solana.accounts.feePayer.secretKey,
    ANALYTICS_URL: needs.upstreamUrl,
    ANALYTICS_TOKEN,
    REDIS_URL: 'redisUrl' in store ? store.redisUrl : undefined,
    STORE_DIR: 'dir' in store ? store.dir : undefined,
  }
  return startService('gateway', join(ROOT, 'src/main.ts'), env, needs.log)
}

async function startService(name: string, main: string, env: NodeJS.ProcessEnv, log: WriteStream): Promise<Service> {
  const child = startChild({
    name,
    command: process.execPath,
    args: ['--import', 'tsx', main],
    cwd: ROOT,
    env: { ...process.env, ...env },
    onLine: (line) => void log.write(`${line}\n`),
  })
  const late = setTimeout(() => void child.kill(), LISTENING_TIMEOUT_MS)
  try {
    return { url: await child.firstLine(listeningUrl), child }
  } finally {
    clearTimeout(late)
  }
}

/** The url of a JSON log line that says `listening`. */
function listeningUrl(line: string): string | undefined {
  try {
    const { msg, url } = JSON.parse(line)
    return msg === 'listening' && typeof url === 'string' ? url : undefined
  } catch {
    return undefined
  }
}
