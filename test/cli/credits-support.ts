import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { vi } from 'vitest'
import type { Description } from '../../devnet/description.ts'
import { credits } from '../../src/cli/credits.ts'
import { ledger } from '../../src/cli/ledger.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { Payer } from '../clients/payer.ts'
import { web3jsV2 } from '../clients/web3js.ts'
import { x402FetchV2 } from '../clients/x402-fetch-v2.ts'
import { decode } from '../support/evm-payment.ts'
import { startRedis } from '../support/redis-server.ts'
import { signSolana } from '../support/solana-client.ts'
import { type Answer, openWorld, type PricingJson, type World } from '../support/world.ts'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly json: any
}

export interface RunOptions {
  readonly env?: Record<string, string>
  /** People are at the other end. */
  readonly terminal?: boolean
  readonly alone?: boolean
}

/** A payment that was settled and not served. */
export interface Owed {
  readonly key: string
  readonly transaction: string
  readonly v2: Awaited<ReturnType<World['sign']>>['v2']
}

export const PRICE = 34_000n
export const failing: Parameters<World['upstream']['behave']>[0] = (_, response) => void response.writeHead(500).end()
export const transactionOf = ({ headers }: Answer): string =>
  String(decode(headers.get('payment-response') ?? '')['transaction'])

/** A world on a Redis of its own, an operator's shell beside it, and agents that are published clients. */
export interface Shop {
  readonly world: World
  readonly directory: string
  readonly agents: Readonly<Record<'base' | 'solana', Payer>>
  /** `farebox …`: `credits` or `ledger`, in this process unless it is to be one of its own. */
  farebox(args: readonly string[], more?: RunOptions): Promise<Ran>
  /** What `farebox credits list` lists. */
  listed(): Promise<Ran['json'][]>
  /** Pays on Base for a call that the upstream fails, so many times. */
  owe(tries?: number): Promise<Owed>
  /** Signs the Solana offer of TARGET. */
  signSolana(): Promise<{ x402Version: number }>
  /** What the payer holds, in atomic units. */
  holds(network?: 'base' | 'solana'): Promise<bigint>
  /** What the ledger has of a payment. */
  entries(key: string): Promise<LedgerEntry[]>
  stop(): Promise<void>
}

/** @param rpcOf another shop's chains, which this one sells on with a store of its own, as after a store loss */
export async function openShop(rpcOf?: World): Promise<Shop> {
  const directory = mkdtempSync(join(tmpdir(), 'farebox-credits-'))
  const pricingFile = join(directory, 'pricing.json')
  const redis = await startRedis()
  const world = await openWorld({
    store: 'redis',
    redisUrl: redis.url,
    solana: true,
    pricing: (pricing) => {
      if (rpcOf) sellOn(pricing, rpcOf)
      writeFileSync(pricingFile, JSON.stringify(withRefunds(pricing)))
    },
  })
  const chains = rpcOf ?? world
  const { evm, solana } = chains
  if (!solana) throw new Error('no Solana')
  const refundKey = generatePrivateKey()
  const solanaRefund = solana.createKeypair('refunds')
  await evm.fund(privateKeyToAddress(refundKey), { usdc: 1_000_000n, eth: 10n ** 18n })
  await solana.fund(solanaRefund.address, { sol: 1_000_000_000n, usdc: 1_000_000n })
  const description = {
    evm: { ...evm, payer: evm.accounts.payer },
    solana: { ...solana, payer: solana.accounts.payer },
  }
  const [base, onSolana] = await Promise.all(
    [x402FetchV2, web3jsV2].map((open) => open(description as unknown as Description)),
  )
  if (!base || !onSolana) throw new Error('no clients')
  const environment = {
    PATH: process.env['PATH'] ?? '',
    PRICING_FILE: pricingFile,
    REDIS_URL: redis.url,
    RELAYER: evm.accounts.relayer.privateKey,
    FEE_PAYER: solana.accounts.feePayer.secretKey,
    REFUND: refundKey,
    SOLANA_REFUND: solanaRefund.secretKey,
  }
  const farebox: Shop['farebox'] = (args, { env = {}, terminal = false, alone = false } = {}) =>
    alone ? spawned(args, { ...environment, ...env }) : called(args, { ...environment, ...env }, terminal)
  return {
    world,
    directory,
    agents: { base, solana: onSolana },
    farebox,
    listed: async () => (await farebox(['credits', 'list', '--json'])).json,
    owe: (tries = 1) => owe(world, tries),
    async signSolana() {
      const offer = (await world.offers()).find(({ network }) => network === solana.network)
      if (!offer) throw new Error('no offer on Solana')
      return (await signSolana(solana, offer)).v2
    },
    holds: (network = 'base') =>
      network === 'base'
        ? evm.balanceOf(evm.assets.USDC, evm.accounts.payer.address)
        : solana.balanceOf(solana.assets.USDC, solana.accounts.payer.address),
    async entries(key) {
      const found: LedgerEntry[] = []
      for await (const entry of world.gateway.store.ledger()) if (entry.key === key) found.push(entry)
      return found
    },
    async stop() {
      await world.stop()
      await redis.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function owe(world: World, tries: number): Promise<Owed> {
  const { v2 } = await world.sign()
  world.upstream.behave(failing)
  let transaction = ''
  for (let call = 0; call < tries; call++) transaction = transactionOf(await world.call(v2))
  world.upstream.behave(undefined)
  const { from, nonce } = v2.payload.authorization
  return { v2, transaction, key: `${v2.accepted.network}:${v2.accepted.asset}:${from}:${nonce}`.toLowerCase() }
}

function sellOn({ networks }: PricingJson, { evm, solana }: World): void {
  networks['base'] = { ...networks['base'], rpc: evm.rpcUrl }
  networks['solana'] = { ...networks['solana'], rpc: solana?.rpcUrl }
}

function withRefunds(pricing: PricingJson): PricingJson {
  const { base, solana } = pricing.networks
  const networks = {
    base: { ...base, refund: '${REFUND}' },
    solana: { ...solana, refund: '${SOLANA_REFUND:-}' },
  }
  return { ...pricing, networks }
}

/** As a process of its own, which is what takes the time. */
async function spawned(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/index.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return ran(code, stdout, stderr)
}

/** The command itself, with what it writes caught; one at a time. */
async function called(args: readonly string[], env: Record<string, string>, terminal: boolean): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const caught = (stream: NodeJS.WriteStream, keep: (text: string) => void) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      keep(String(text))
      return true
    })
  const writes = [
    caught(process.stdout, (text) => {
      stdout += text
    }),
    caught(process.stderr, (text) => {
      stderr += text
    }),
  ]
  const { isTTY } = process.stdout
  process.stdout.isTTY = terminal
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    const [name = '', ...rest] = args
    const code = await (name === 'ledger' ? ledger : credits).run(rest)
    return ran(code, stdout, stderr)
  } finally {
    for (const write of writes) write.mockRestore()
    vi.unstubAllEnvs()
    process.stdout.isTTY = isTTY
  }
}

const ran = (code: number | null, stdout: string, stderr: string): Ran => ({
  code,
  stdout,
  stderr,
  json: /^\s*[[{]/.test(stdout) ? JSON.parse(stdout) : undefined,
})
