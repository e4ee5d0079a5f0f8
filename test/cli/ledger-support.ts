import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Hex } from 'viem'
import { vi } from 'vitest'
import { type EvmChain, startEvm } from '../../devnet/evm/index.ts'
import { type SolanaChain, startSolana } from '../../devnet/solana/index.ts'
import type { Command } from '../../src/cli/command.ts'
import { credits } from '../../src/cli/credits.ts'
import { ledger } from '../../src/cli/ledger.ts'
import { reconcile } from '../../src/cli/reconcile.ts'
import { decode, encode, signBase, type WireOffer } from '../support/evm-payment.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { signSolana } from '../support/solana-client.ts'
import { type CountingUpstream, startUpstream } from '../support/upstream.ts'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly json: any
}

/** Chains, a store, a gateway that is a process of its own, and the operator's commands beside it. */
export interface Till {
  readonly evm: EvmChain
  readonly solana: SolanaChain
  readonly upstream: CountingUpstream
  /** Stands between the gateway and Base; the commands ask Base itself. */
  readonly node: Faults
  start(): Promise<void>
  /** The gateway ends as a crash ends it. */
  kill(): Promise<void>
  offer(network: string, target: string): Promise<WireOffer>
  signBase(target: string, privateKey?: Hex): ReturnType<typeof signBase>
  signSolana(target: string): ReturnType<typeof signSolana>
  call(payment: object, target: string): Promise<{ status: number; code: string | undefined }>
  /** A command in this process, its output caught. */
  farebox(...args: string[]): Promise<Ran>
  /** The same, seeing Base through the node that fails. */
  behindNode(...args: string[]): Promise<Ran>
  /** The same as a process of its own. */
  spawned(...args: string[]): Promise<Ran>
  /** The same as a person sees it. */
  shown(...args: string[]): Promise<string>
  /** The store forgets everything; the gateway is gone by then. */
  loseStore(): Promise<void>
  stop(): Promise<void>
}

export async function openTill(store: 'redis' | 'lmdb'): Promise<Till> {
  const [evm, solana, upstream] = await Promise.all([startEvm(), startSolana(), startUpstream()])
  const node = await faultyRpc(evm.rpcUrl)
  const redis = store === 'redis' ? await startRedis() : undefined
  const directory = mkdtempSync(join(tmpdir(), 'farebox-till-'))
  const storeDir = join(directory, 'store')
  const pricing = (rpc: string, name: string): string => {
    const file = join(directory, name)
    writeFileSync(file, JSON.stringify(pricingOf(evm, solana, upstream.url, rpc)))
    return file
  }
  const environment = {
    PATH: process.env['PATH'] ?? '',
    ...(redis ? { REDIS_URL: redis.url } : { STORE_DIR: storeDir }),
    PORT: '0',
    LOG_LEVEL: 'info',
    RELAYER: evm.accounts.relayer.privateKey,
    FEE_PAYER: solana.accounts.feePayer.secretKey,
    REFUND: evm.accounts.payee.privateKey,
    PRICING_FILE: pricing(evm.rpcUrl, 'pricing.json'),
  }
  const gatewayEnvironment = { ...environment, PRICING_FILE: pricing(node.url, 'gateway.json') }
  let gateway: ChildProcess | undefined
  let url = ''

  const kill = async () => {
    if (!gateway || gateway.exitCode !== null || gateway.signalCode !== null) return
    const gone = once(gateway, 'exit')
    gateway.kill('SIGKILL')
    await gone
  }
  const till: Till = {
    evm,
    solana,
    upstream,
    node,
    kill,
    async start() {
      gateway = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: gatewayEnvironment,
      })
      url = await listening(gateway)
    },
    async offer(network, target) {
      const response = await fetch(`${url}${target}`)
      await response.arrayBuffer()
      const { accepts } = decode<{ accepts: WireOffer[] }>(response.headers.get('payment-required') ?? '')
      const offer = accepts.find((one) => one.network === network)
      if (!offer) throw new Error(`no offer on ${network}`)
      return offer
    },
    signBase: async (target, privateKey = evm.accounts.payer.privateKey) =>
      signBase({ privateKey, offer: await till.offer(evm.network, target) }),
    signSolana: async (target) => signSolana(solana, await till.offer(solana.network, target)),
    async call(payment, target) {
      const response = await fetch(`${url}${target}`, { headers: { 'payment-signature': encode(payment) } })
      const text = await response.text()
      const { code } = text.startsWith('{') ? JSON.parse(text) : { code: undefined }
      return { status: response.status, code }
    },
    farebox: (...args) => called(args, environment),
    behindNode: (...args) => called(args, gatewayEnvironment),
    spawned: (...args) => spawned(args, environment),
    async shown(...args) {
      const { isTTY } = process.stdout
      process.stdout.isTTY = true
      try {
        return (await called(args, environment)).stdout
      } finally {
        process.stdout.isTTY = isTTY
      }
    },
    async loseStore() {
      await kill()
      if (redis) await flush(redis)
      else rmSync(storeDir, { recursive: true })
    },
    async stop() {
      await kill()
      await Promise.all([evm.stop(), solana.stop(), upstream.stop(), node.stop(), redis?.stop()])
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return till
}

async function flush({ port }: RedisServer): Promise<void> {
  const socket = createConnection(port, '127.0.0.1')
  socket.write('FLUSHALL\r\n')
  await once(socket, 'data')
  socket.destroy()
}

async function spawned(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/index.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr, json: parsed(stdout) }
}

const commands: Readonly<Record<string, Command>> = { credits, ledger, reconcile }

async function called([name = '', ...args]: readonly string[], env: Record<string, string>): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const restore = [
    caught(process.stdout, (text) => {
      stdout += text
    }),
    caught(process.stderr, (text) => {
      stderr += text
    }),
  ]
  for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value)
  try {
    const code = (await commands[name]?.run(args)) ?? null
    return { code, stdout, stderr, json: parsed(stdout) }
  } finally {
    vi.unstubAllEnvs()
    for (const spy of restore) spy.mockRestore()
  }
}

function caught(stream: NodeJS.WriteStream, keep: (text: string) => void) {
  return vi.spyOn(stream, 'write').mockImplementation((text) => {
    keep(String(text))
    return true
  })
}

/** One value of JSON; undefined for anything else, several lines of it included. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Where a gateway says that it listens. */
async function listening(gateway: ChildProcess): Promise<string> {
  if (!gateway.stdout) throw new Error('no output')
  for await (const line of createInterface({ input: gateway.stdout })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url?: string }
    if (msg === 'listening' && url) {
      gateway.stdout.resume()
      return url
    }
  }
  throw new Error('the gateway ended before it listened')
}

const pricingOf = (evm: EvmChain, solana: SolanaChain, upstream: string, rpc: string) => ({
  networks: {
    base: {
      id: evm.network,
      payTo: evm.accounts.payee.address,
      rpc,
      relayer: '${RELAYER}',
      refund: '${REFUND}',
      confirmMs: 1_500,
    },
    solana: {
      id: solana.network,
      payTo: solana.accounts.payee.address,
      rpc: solana.rpcUrl,
      feePayer: '${FEE_PAYER}',
    },
  },
  assets: {
    USDC: {
      usd: '1',
      on: {
        base: { address: evm.assets.USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } },
        solana: { mint: solana.assets.USDC, decimals: 6 },
      },
    },
  },
  upstreams: { api: { url: upstream } },
  leaseMs: 2_000,
  routes: { 'GET /v2/data': { upstream: 'api', price: '$0.034' } },
})
