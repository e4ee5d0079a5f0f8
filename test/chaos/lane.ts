import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEvm } from '../../devnet/evm/index.ts'
import { startSolana } from '../../devnet/solana/index.ts'
import { decode, type WireOffer } from '../support/evm-payment.ts'
import { startRedis } from '../support/redis-server.ts'
import { transactionOf } from './agent.ts'
import { type Books, openBooks } from './books.ts'
import { baseChain, type Chain, type Mark, solanaChain } from './chains.ts'
import { type GatewayProcess, gatewayProcess, runToEnd } from './gateway-process.ts'
import type { Handed, PaymentId } from './history.ts'
import type { NetworkName, Settle, Shape } from './plan.ts'
import { priceList } from './price-list.ts'
import { httpProxy } from './proxy-http.ts'
import { redisProxy } from './proxy-redis.ts'
import { createTap, type KillPoint, type Message, type Tap } from './tap.ts'
import { type SellingUpstream, sellingUpstream } from './upstream.ts'

export interface LaneOptions {
  readonly dist: string
  readonly store: 'redis' | 'lmdb'
  readonly networks: readonly NetworkName[]
  readonly modes: readonly Settle[]
}

/** A gateway with all it talks to, each thing behind a proxy; nothing of it is shared with another lane. */
export interface Lane {
  readonly store: 'redis' | 'lmdb'
  readonly url: string
  readonly chains: ReadonlyMap<NetworkName, Chain>
  readonly upstream: SellingUpstream
  readonly books: Books
  /** Runs a command of the built `farebox` on this lane's store and price list. */
  farebox(...args: string[]): Promise<{ readonly code: number; readonly output: string }>
  readonly gateway: GatewayProcess
  readonly tap: Tap
  /** Which trial each payment was signed in. */
  readonly signedIn: Map<PaymentId, string>
  /** Where transfers are looked for from now on, when the upstream is called. */
  lookFrom(mark: Mark): void
  offer(shape: Shape): Promise<WireOffer>
  /** What happens when the tap kills. */
  onKill(plan: { readonly second: KillPoint | undefined; readonly skewMs: number }): void
  kill(): Promise<void>
  /** Resolves when the gateway listens again; rejects when it does not start. */
  up(): Promise<void>
  /** At which messages it was killed, and what it handed over whole, since the last call. */
  takeSeen(): { readonly kills: readonly (Message | undefined)[]; readonly handedOver: readonly Handed[] }
  close(): Promise<void>
}

/** The path that a shape is sold at, the trial's own query aside. */
export const pathOf = ({ settle, method, size }: Shape): string => `/v2/${settle}/${method.toLowerCase()}/${size}`

const SLOTS_UNTIL_OPEN = 200

export async function openLane({ dist, store, networks, modes }: LaneOptions): Promise<Lane> {
  const directory = mkdtempSync(join(tmpdir(), 'farebox-chaos-lane-'))
  const [evm, solana, redis] = await Promise.all([
    networks.includes('base') ? startEvm() : undefined,
    networks.includes('solana') ? startSolana() : undefined,
    store === 'redis' ? startRedis() : undefined,
  ])
  const chains = new Map<NetworkName, Chain>()
  if (evm) chains.set('base', baseChain(evm))
  if (solana) chains.set('solana', await solanaChain(solana))

  let mark: Mark = ''
  const upstream = await sellingUpstream(async (key) => {
    const id = key.split(':').at(-1)
    const chain = [...chains.values()].find(({ network }) => key.startsWith(`${network}:`))
    return (await chain?.moved(mark))?.some((moved) => moved.id === id) ?? false
  })

  let restart: { second: KillPoint | undefined; skewMs: number } = { second: undefined, skewMs: 0 }
  let up = Promise.resolve()
  let kills: (Message | undefined)[] = []
  let handedOver: Handed[] = []
  const kill = () => {
    const dead = gateway.kill()
    kills.push(tap.disarm().hit)
    const { second, skewMs } = restart
    restart = { second: undefined, skewMs }
    up = dead.then(() => {
      // The second kill may come while it is still starting.
      if (second) tap.arm(second)
      return gateway.start(skewMs)
    })
    up.catch(() => undefined)
    return dead
  }
  const tap: Tap = createTap(kill)

  const rpcLabel = (body: string) => String((JSON.parse(body) as { method?: string }).method ?? 'answer')
  const nodes = await Promise.all(
    [...chains].map(async ([name, chain]) => {
      const proxy = await httpProxy({
        link: name,
        tap,
        target: () => chain.rpcUrl,
        requests: 'out',
        whole: rpcLabel,
      })
      return [name, proxy] as const
    }),
  )
  const api = await httpProxy({ link: 'upstream', tap, target: () => upstream.url, requests: 'out' })
  const redisLink = redis && (await redisProxy(redis.url, tap))
  const front = await httpProxy({
    link: 'client',
    tap,
    target: () => gateway.url(),
    requests: 'in',
    observe({ status, headers, complete }) {
      const receipt = headers['payment-response']
      if (status !== 200 || !receipt) return
      handedOver.push({ transaction: transactionOf(receipt.toString()), whole: complete })
    },
  })

  const pricingFile = join(directory, 'pricing.json')
  const rpcUrls = Object.fromEntries(nodes.map(([name, { url }]) => [name, url]))
  writeFileSync(pricingFile, JSON.stringify(priceList({ evm, solana, rpcUrls, upstreamUrl: api.url, modes })))
  const env = {
    PRICING_FILE: pricingFile,
    LOG_LEVEL: 'info',
    ...(redisLink ? { REDIS_URL: redisLink.url } : { STORE_DIR: join(directory, 'store') }),
    RELAYER: evm?.accounts.relayer.privateKey ?? '',
    FEE_PAYER: solana?.accounts.feePayer.secretKey ?? '',
  }
  const gateway = gatewayProcess(join(dist, 'main.js'), env)
  await gateway.start(0)
  // A store without a past is no proof that nothing was sold before: Solana opens when old blockhashes are dead.
  solana?.advance(SLOTS_UNTIL_OPEN)
  const books = await openBooks(dist, redis ? { redisUrl: redis.url } : { directory: join(directory, 'store') })

  const offers = new Map<string, WireOffer[]>()
  return {
    store,
    url: front.url,
    chains,
    upstream,
    books,
    farebox: (...args) => runToEnd(join(dist, 'cli', 'index.js'), args, env),
    gateway,
    tap,
    signedIn: new Map(),
    lookFrom(next) {
      mark = next
    },
    async offer(shape) {
      const path = pathOf(shape)
      const network = chains.get(shape.network)?.network
      for (;;) {
        const offer = offers.get(path)?.find((one) => one.network === network)
        if (offer) return offer
        offers.set(path, await offersAt(`${front.url}${path}`, shape.method))
        await sleep(offers.get(path)?.length === chains.size ? 0 : 100)
      }
    },
    onKill(plan) {
      restart = plan
    },
    kill,
    async up() {
      // One that was killed while it started is being started again.
      for (let awaited: Promise<void> | undefined; awaited !== up; ) {
        awaited = up
        await awaited.catch((error) => {
          if (awaited === up) throw error
        })
      }
    },
    takeSeen() {
      const seen = { kills, handedOver }
      kills = []
      handedOver = []
      return seen
    },
    async close() {
      await gateway.kill()
      await Promise.all([
        books.close(),
        front.stop(),
        api.stop(),
        redisLink?.stop(),
        ...nodes.map(([, one]) => one.stop()),
      ])
      await Promise.all([upstream.stop(), evm?.stop(), solana?.stop(), redis?.stop()])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function offersAt(url: string, method: string): Promise<WireOffer[]> {
  const response = await fetch(url, { method })
  await response.arrayBuffer()
  const terms = response.headers.get('payment-required')
  return terms ? decode<{ accepts: WireOffer[] }>(terms).accepts : []
}
