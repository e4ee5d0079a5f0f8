import type { Caip2, PaymentKey } from '../../../src/domain/ids.ts'
import { milliseconds } from '../../../src/domain/ids.ts'
import { type ClaimResult, isExhausted, type NewClaim } from '../../../src/domain/record.ts'
import { line } from '../../../src/line.ts'
import { refund } from '../../../src/operate/refund.ts'
import type { Parts } from '../../../src/ports/parts.ts'
import type { Store } from '../../../src/ports/store.ts'
import { reconcileOnce } from '../../../src/workers/reconcile.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { type SimChain, simChain } from './chain.ts'
import type { Begun, Call, Hit } from './facts.ts'
import { type Holders, openHolders } from './holders.ts'
import { readWritten, secondsOf, simClient, simUpstream, storeSeenBy, type UpstreamMood } from './parts.ts'
import { type Encoding, keyOf, nonceOf, requestOf, type Signed } from './payments.ts'
import { type OwnTime, openScheduler, ownTime, type Scheduler } from './scheduler.ts'
import { NETWORK, PAYEE, priceOf, routes, SKEW_SECONDS, TIMEOUT_SECONDS } from './terms.ts'
import { type SimTreasury, simTreasury } from './treasury.ts'

export const LEASE_MS = 10_000
export const BLOCK_MS = 2_000
/** However long time passes, it passes in so many blocks at most. */
const MOST_BLOCKS = 60

export interface CallOptions {
  readonly encoding?: Encoding
  readonly hangsUpAt?: number | undefined
}

/** Everything that happened in a history, and the parts it happens to. */
export interface ModelWorld {
  readonly chain: SimChain
  readonly treasury: SimTreasury
  readonly store: Store
  readonly scheduler: Scheduler
  readonly calls: Call[]
  readonly hits: Hit[]
  readonly begun: Begun[]
  readonly logged: string[]
  /** Payments that a lost store may have known. */
  readonly lost: Set<PaymentKey>
  /** Payments that two have worked on at once. */
  readonly shared: readonly PaymentKey[]
  /** Payments that were open when another by the same payer for the same request was claimed to be charged. */
  readonly overlooked: readonly PaymentKey[]
  /** What else happened, and how often. */
  readonly count: Map<string, number>
  mood: UpstreamMood
  storeFault: 'before' | 'after' | undefined
  now(): number
  /** Lets time pass, block by block. @param beats the gateways live meanwhile: leases are renewed */
  advance(ms: number, how?: { readonly stuck?: boolean; readonly beats?: boolean }): void
  call(instance: number, target: string, signed: Signed, options?: CallOptions): void
  reconcile(instance: number): void
  /** The operator pays a credit back, or goes on with what he has begun. */
  refund(instance: number, pick: number, begun?: true): Promise<void>
  crash(instance: number): void
  /** The store forgets everything. */
  forget(): void
  sign(payer: string, target: string, id?: string, more?: Partial<Signed>): Signed
  /** Sets how far an instance's own clock is off, in ms. */
  setClock(instance: number, skew: number): void
  close(): void
}

/** Gateways made of the real line and the real reconciler, over a simulated chain, store, upstream and clock. */
export function openModelWorld(instances: number): ModelWorld {
  let time = 1_800_000_000_000
  let nonces = 0
  let serial = 0
  let losses = 0
  const scheduler = openScheduler()
  const own: OwnTime = ownTime(() => time)
  const chain = simChain(() => time)
  const treasury = simTreasury(
    () => time,
    () => `0xback${++serial}`,
  )
  let store = memoryStore({ now: () => milliseconds(time) })
  const calls: Call[] = []
  const hits: Hit[] = []
  const begun: Begun[] = []
  const logged: string[] = []
  const lost = new Set<PaymentKey>()
  const count = new Map<string, number>()
  const holders = openHolders(
    () => time,
    () => {
      tell('a lease was lost')
      trouble()
    },
  )
  /** Which life of an instance is running: a restarted one is another owner of its turns. */
  const lives = Array.from({ length: instances }, (_, index) => index)
  const skews = lives.map(() => 0)
  const tell = (what: string) => void count.set(what, (count.get(what) ?? 0) + 1)
  const log = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`)
  const stateOf = async (key: string) => (await store.read(key as PaymentKey))?.state
  const overlooked: PaymentKey[] = []
  /** What came before a payment that is about to be charged, and is open. */
  const lookBack = async ({ key, terms }: NewClaim): Promise<void> => {
    for (const other of new Set(calls.filter(({ payer }) => payer === terms.payer).map((call) => call.key))) {
      const record = other === key ? undefined : await store.read(other)
      if (!record || record.served || record.terms.request !== terms.request) continue
      // One that is being served is another purchase.
      const isFree = record.state === 'credited' && !isExhausted(record) && !holders.isHeld(other)
      const isOpen = record.state === 'unknown' ? !record.reverted : isFree
      if (isOpen) overlooked.push(other)
    }
  }
  const done: Holders['done'] = (step, given, result) => {
    holders.done(step, given, result)
    const isNew = step === 'claim' && (result as ClaimResult).outcome === 'claimed'
    if (isNew) void lookBack(given[0] as NewClaim)
  }
  const trouble = () => {
    for (const call of calls) if (!call.ended) call.troubled = true
  }

  const world: ModelWorld = {
    chain,
    treasury,
    get store() {
      return store
    },
    scheduler,
    calls,
    hits,
    begun,
    logged,
    lost,
    shared: holders.shared,
    overlooked,
    count,
    mood: 'answers',
    storeFault: undefined,
    now: () => time,
    advance(ms, { stuck = false, beats = false } = {}) {
      const until = time + ms
      const step = Math.max(BLOCK_MS, Math.ceil(ms / MOST_BLOCKS))
      if (ms >= LEASE_MS / 2) trouble()
      while (time < until) {
        time = Math.min(until, time + step)
        chain.mine(stuck)
        if (beats) own.beat()
      }
    },
    sign(from, target, id, more) {
      const nonce = `0x${(++nonces).toString(16).padStart(64, 'a')}`
      const validBefore = secondsOf(time) + TIMEOUT_SECONDS
      return { from, nonce, validBefore, amount: priceOf(target), to: PAYEE, id, ...more }
    },
    call(instance, target, signed, { encoding = 'v2', hangsUpAt } = {}) {
      const at = instance % instances
      const owner = lives[at] as number
      const turn = () => scheduler.turn(owner)
      let seen = time
      const client = simClient(
        turn,
        hangsUpAt,
        (text) => {
          const written = readWritten(text)
          if (!written) throw new Error(`no upstream wrote ${text}`)
          const settled = chain.everSettled.has(nonceOf(written.payment))
          begun.push({ ...written, call, settled, looked: time - seen })
        },
        (got) => {
          call.got = got
          const settled = chain.settled(signed.nonce) !== undefined
          void store.read(call.key).then((record) => {
            call.answered = { settled, state: record?.state, reverted: record?.reverted === true }
          })
        },
      )
      const call: Call = {
        payer: signed.from,
        target,
        signed,
        encoding,
        key: keyOf(signed),
        client,
        got: undefined,
        answered: undefined,
        ended: undefined,
        troubled: world.storeFault !== undefined,
      }
      calls.push(call)
      const request = requestOf(++serial, target, signed, encoding)
      const parts = partsOf(owner, at, () => {
        seen = time
      })
      void turn()
        .then(() => line(parts, request, client))
        .then(
          async () => {
            const served = begun.findLast((one) => one.call === call)
            call.ended = { state: served && (await stateOf(served.payment)) }
          },
          (error: unknown) => {
            // The edge answers 500 to what the line throws; the model wants to know of it.
            call.got = {
              from: 'gateway',
              status: 500,
              body: String((error as Error).stack),
              complete: true,
              quoted: false,
            }
          },
        )
    },
    reconcile(instance) {
      const at = instance % instances
      const owner = lives[at] as number
      void scheduler
        .turn(owner)
        .then(() => reconcileOnce(partsOf(owner, at), { leaseMs: LEASE_MS, limit: 50 }))
        .then((report) => {
          for (const [what, payments] of Object.entries(report)) if (payments > 0) tell(`reconciled: ${what}`)
        })
        .catch(() => undefined)
    },
    async refund(instance, pick, onlyBegun) {
      const at = instance % instances
      const owner = lives[at] as number
      const open: PaymentKey[] = []
      for (const { key } of calls) {
        const record = await store.read(key)
        // An operator waits until nothing undoes what he pays back.
        const isNew = record?.state === 'credited' && record.final === true && !onlyBegun
        const isOpen = isNew || record?.state === 'refunding'
        if (isOpen && !open.includes(key)) open.push(key)
      }
      const key = open[pick % Math.max(1, open.length)]
      if (!key) return
      const turn = () => scheduler.turn(owner)
      void turn()
        .then(() => refund(partsOf(owner, at).store, treasury.treasury(turn), key, { waitMs: 0, leaseMs: LEASE_MS }))
        .then(({ outcome }) => tell(`refund: ${outcome}`))
        .catch(() => undefined)
    },
    crash(instance) {
      tell('crash')
      scheduler.kill(lives[instance % instances] as number)
      lives[instance % instances] = Math.max(...lives) + 1
    },
    forget() {
      tell('store lost')
      losses++
      holders.forget()
      for (const { key } of calls) lost.add(key)
      trouble()
      store = memoryStore({ now: () => milliseconds(time) })
    },
    setClock(instance, skew) {
      skews[instance % instances] = skew
    },
    close: () => own.restore(),
  }
  const partsOf = (owner: number, at: number, answered: () => void = () => undefined): Parts => {
    const turn = () => scheduler.turn(owner)
    const upstream = simUpstream(
      turn,
      () => world.mood,
      (payment, target, headers) => {
        const settled = chain.everSettled.has(nonceOf(payment))
        const hit: Hit = { payment, target, mood: world.mood, headers, settled, state: undefined }
        void stateOf(payment).then((state) => {
          hit.state = state
        })
        return hits.push(hit)
      },
    )
    const fault = () => {
      if (world.storeFault) trouble()
      return world.storeFault
    }
    return {
      catalogue: { version: 'v1', routes: routes(), skewSeconds: SKEW_SECONDS, maxBodyBytes: 0, leaseMs: LEASE_MS },
      networks: new Map([[NETWORK as Caip2, chain.network(turn)]]),
      facilitators: new Map([[NETWORK as Caip2, chain.facilitator(turn, () => `0xtx${++serial}`)]]),
      upstreams: new Map([['api', upstream]]),
      store: storeSeenBy({ now: () => ({ store, losses }), turn, fault, answered, done }),
      quarantine: { isShut: () => false, retryAfter: () => secondsOf(1_000) },
      clock: { now: () => secondsOf(time + (skews[at] ?? 0)) },
      log: { info: log, warn: log, error: log },
    }
  }
  return world
}
