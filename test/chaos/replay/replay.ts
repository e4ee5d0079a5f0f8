import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAbiItem } from 'viem'
import type { PaymentKey } from '../../../src/domain/ids.ts'
import { encode, signBase } from '../../support/evm-payment.ts'
import { newPayer, type Payer } from '../../support/payer.ts'
import type { Event } from '../model/events.ts'
import { MOODS, type UpstreamMood } from '../model/parts.ts'
import { nonceOf } from '../model/payments.ts'
import { TARGETS } from '../model/terms.ts'
import { assertPromises } from './promises.ts'
import { LEASE_MS, type Stage } from './stage.ts'

/** One call on real parts, and what became of it. */
export interface RealCall {
  readonly key: PaymentKey
  readonly nonce: string
  readonly payer: Payer
  readonly target: string
  readonly header: string
  readonly abort: AbortController
  got: { readonly status: number; body: string } | undefined
  done: Promise<void>
}

/** What was seen of one history from outside. */
export interface Replayed {
  readonly calls: readonly RealCall[]
  /** Nonces that the chain holds as used, once for each time. */
  readonly used: readonly string[]
  readonly revenue: bigint
  readonly hits: Stage['upstream']['hits']
  /** Targets that the upstream was asked for, and whether the chain held the transfer then. */
  readonly asked: readonly { readonly target: string; readonly settled: boolean }[]
  readonly since: number
}

const USED = parseAbiItem('event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)')
const SHORT_MS = 60
/** A store that hangs longer is one that is down. */
const HANGS_MS = 400

/**
 * Plays a history of the model on real parts, then lets them recover and holds the promises as they are seen from outside.
 *
 * What the model decides turn by turn is left to chance here: who goes on when. Blocks are mined as the history says. Events
 * that real parts cannot be brought to at will are left out: reorgs, front-running, lying facilitators, clocks, lost stores.
 *
 * @throws the first broken promise
 */
export async function replay(stage: Stage, history: readonly Event[]): Promise<Replayed> {
  const { evm, upstream, store } = stage
  const payers = await Promise.all([newPayer(evm), newPayer(evm)])
  const calls: RealCall[] = []
  const asked: { target: string; settled: boolean }[] = []
  const ask = async (payment: string, target: string) =>
    void asked.push({ target, settled: await isSpent(evm, nonceOf(payment)) })
  const before = await stage.revenue()
  const fromBlock = (await evm.publicClient.getBlockNumber({ cacheTime: 0 })) + 1n
  const since = Date.now()
  upstream.hits.length = 0
  upstream.behave(behaviour('answers', ask))
  await evm.testClient.setAutomine(false)
  for (const event of history) await happen(stage, event, payers, calls, ask)
  await recover(stage, calls, ask)
  const logs = await evm.publicClient.getLogs({ address: evm.assets.USDC, event: USED, fromBlock })
  const used = logs.map(({ args }) => args.nonce as string)
  const seen = { calls, used, revenue: (await stage.revenue()) - before, hits: [...upstream.hits], asked, since }
  await assertPromises(store, seen)
  return seen
}

async function happen(
  stage: Stage,
  event: Event,
  payers: readonly Payer[],
  calls: RealCall[],
  ask: Ask,
): Promise<void> {
  const { evm, gateways, rpc, upstream, redis } = stage
  const pick = (index: number) => calls.at(index < 0 ? index : index % Math.max(1, calls.length))
  switch (event.does) {
    case 'pay': {
      const payer = payers[event.payer % payers.length] as Payer
      return begin(stage, calls, event, await sign(stage, payer, targetOf(event.target)))
    }
    case 'again': {
      const call = pick(event.pick)
      return call && begin(stage, calls, event, call)
    }
    case 'anew': {
      const call = pick(event.pick)
      return call && begin(stage, calls, event, await sign(stage, call.payer, call.target))
    }
    case 'elsewhere': {
      const call = pick(event.pick)
      return call && begin(stage, calls, { ...event, hangsUp: -1 }, { ...call, target: targetOf(event.target) })
    }
    case 'turns':
      for (let block = 0; block < event.blocks; block++) {
        await sleep(SHORT_MS / 2)
        await evm.testClient.mine({ blocks: 1 })
      }
      return void (await sleep(SHORT_MS))
    case 'time':
      // Ten seconds of the model are a lease here.
      if (!event.stuck) await evm.testClient.mine({ blocks: 1 })
      return void (await sleep(Math.min(event.ms / 10_000, 1.4) * LEASE_MS))
    case 'crash': {
      const gateway = gateways[event.instance % gateways.length]
      await gateway?.kill()
      return gateway?.start(0)
    }
    case 'chain':
      return rpc.fail(
        event.down
          ? { fault: 'down', methods: /./ }
          : event.deaf
            ? { fault: 'deaf', methods: /^eth_sendRaw/ }
            : undefined,
      )
    case 'store':
      if (!event.fault) return
      process.kill(redis.pid, 'SIGSTOP')
      await sleep(HANGS_MS)
      process.kill(redis.pid, 'SIGCONT')
      return
    case 'upstream':
      return upstream.behave(behaviour(MOODS[event.mood] ?? 'answers', ask))
    case 'cancel': {
      const call = pick(event.pick)
      // Mined with the next block of the history.
      if (call) void call.payer.cancel(evm.assets.USDC, call.nonce as `0x${string}`).catch(() => undefined)
      return
    }
    case 'leave':
      return pick(event.pick)?.abort.abort()
    default:
  }
}

type Signed = Pick<RealCall, 'key' | 'nonce' | 'payer' | 'target' | 'header'>

async function sign(stage: Stage, payer: Payer, target: string): Promise<Signed> {
  const { evm } = stage
  const { v2 } = await signBase({ privateKey: payer.privateKey, offer: await stage.offer(target) })
  const { nonce } = v2.payload.authorization
  const key = `${evm.network}:${evm.assets.USDC}:${payer.address}:${nonce}`.toLowerCase() as PaymentKey
  return { key, nonce, payer, target, header: encode(v2) }
}

function begin(
  { gateways }: Stage,
  calls: RealCall[],
  { instance, hangsUp }: { readonly instance: number; readonly hangsUp: number },
  { key, nonce, payer, target, header }: Signed,
): void {
  const abort = new AbortController()
  const call: RealCall = { key, nonce, payer, target, header, abort, got: undefined, done: Promise.resolve() }
  calls.push(call)
  call.done = (async () => {
    const url = `${gateways[instance % gateways.length]?.url()}${target}`
    const response = await fetch(url, { headers: { 'payment-signature': header }, signal: abort.signal })
    const text = new TextDecoder()
    call.got = { status: response.status, body: '' }
    for await (const piece of response.body ?? []) {
      call.got.body += text.decode(piece, { stream: true })
      if (hangsUp >= 0) return abort.abort()
    }
  })().catch(() => undefined)
}

let serial = 0

type Ask = (payment: string, target: string) => Promise<void>

/** @param ask awaited before the upstream answers */
function behaviour(mood: UpstreamMood, ask: Ask) {
  return async (hit: { headers: Record<string, unknown>; target: string }, response: ServerResponse): Promise<void> => {
    await ask(String(hit.headers['x-farebox-payment']), hit.target)
    if (mood === 'away') return void response.destroy()
    const status = { fails: 500, rejects: 404, throttles: 429 }[mood as string] ?? 200
    const type = mood === 'streams' ? 'text/event-stream' : 'text/plain'
    response.writeHead(status, { 'content-type': type })
    response.write(`${++serial} ${String(hit.headers['x-farebox-payment'])} ${hit.target} ${mood} `)
    if (mood.startsWith('pours')) response.write(Buffer.alloc(1_048_577, '.'))
    if (mood === 'breaks' || mood === 'pours-broken') setTimeout(() => response.destroy(), 10)
    else response.end('end')
  }
}

/** Everything works again; what was begun ends, and what is owed comes to rest. */
async function recover({ evm, rpc, upstream, store }: Stage, calls: readonly RealCall[], ask: Ask): Promise<void> {
  rpc.fail(undefined)
  upstream.behave(behaviour('answers', ask))
  await evm.testClient.setAutomine(true)
  await evm.testClient.mine({ blocks: 1 })
  await Promise.all(calls.map(({ done }) => done))
  const open = ['settling', 'settled', 'delivering']
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(100)) {
    const states = await Promise.all(calls.map(async ({ key }) => (await store.read(key))?.state ?? ''))
    const pending = calls.filter((_, index) => states[index] === 'unknown')
    const spent = await Promise.all(pending.map(({ nonce }) => isSpent(evm, nonce)))
    if (!states.some((state) => open.includes(state)) && !spent.includes(true)) return
  }
}

async function isSpent(evm: Stage['evm'], nonce: string): Promise<boolean> {
  const args = { nonce: nonce as `0x${string}` }
  return (await evm.publicClient.getLogs({ address: evm.assets.USDC, event: USED, args, fromBlock: 0n })).length > 0
}

const targetOf = (index: number): string => TARGETS[index % TARGETS.length] as string
