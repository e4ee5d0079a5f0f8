import { Readable } from 'node:stream'
import { type FencingToken, seconds } from '../../../src/domain/ids.ts'
import type { Client, Delivery } from '../../../src/ports/client.ts'
import { type Store, StoreUnavailable } from '../../../src/ports/store.ts'
import { type Upstream, UpstreamUnavailable } from '../../../src/ports/upstream.ts'

/** The store that is now, and how many were lost before it. */
export interface StoreNow {
  readonly store: Store
  readonly losses: number
}

/** What an instance is told of the store. */
export interface StoreView {
  readonly now: () => StoreNow
  readonly turn: () => Promise<void>
  readonly fault: () => 'before' | 'after' | undefined
  /** A step took effect. */
  readonly done: (step: string, given: readonly unknown[], result: unknown) => void
  /** A step has answered. */
  readonly answered: () => void
}

const STEPS = new Set(['read', 'claim', 'move', 'renew', 'release', 'due', 'takeOver'])
/** Steps whose second argument is a token. */
const FENCED = new Set(['move', 'renew', 'release'])

/**
 * The store as one instance sees it: each call takes its turns, and may fail before or after it took effect. A token that an
 * emptied store gave belongs to nothing in the next one.
 */
export function storeSeenBy({ now, turn, fault, answered, done }: StoreView): Store {
  return new Proxy(now().store, {
    get(_, name: string) {
      const method = Reflect.get(now().store, name)
      if (!STEPS.has(name)) return method
      return async (...given: unknown[]) => {
        await turn()
        if (fault() === 'before') throw new StoreUnavailable('model')
        const { store, losses } = now()
        const [issued, token] = FENCED.has(name) ? String(given[1]).split('/') : []
        const args = FENCED.has(name) ? given.with(1, token) : given
        const stale = issued !== undefined && issued !== String(losses)
        const result = stale ? false : await Reflect.get(store, name).apply(store, args)
        done(name, given, result)
        if (fault() === 'after') throw new StoreUnavailable('model')
        await turn()
        answered()
        const found = result as { token?: FencingToken } | undefined
        return found && typeof found === 'object' && 'token' in found
          ? { ...found, token: `${losses}/${found.token}` }
          : result
      }
    },
  })
}

/**
 * How the upstream answers. `streams` sends events; `pours` sends more than is kept for a second try; `breaks` ends in the
 * middle; `rejects` answers 404, which is a delivery, and `throttles` 429, which is none.
 */
export const MOODS = [
  'answers',
  'fails',
  'away',
  'breaks',
  'streams',
  'pours',
  'pours-broken',
  'rejects',
  'throttles',
] as const
export type UpstreamMood = (typeof MOODS)[number]

const STATUS: Partial<Record<UpstreamMood, number>> = { fails: 500, rejects: 404, throttles: 429 }
/** More than a response may have that is kept, in a byte that is left out of what a caller is said to have got. */
const FILLER = Buffer.alloc(1_048_577, '.')
const POURS: readonly UpstreamMood[] = ['pours', 'pours-broken']
const BREAKS: readonly UpstreamMood[] = ['breaks', 'pours-broken']

/** What an upstream writes into a response. */
export interface Written {
  readonly serial: number
  readonly payment: string
  readonly target: string
  readonly mood: UpstreamMood
}

export function readWritten(body: string): Written | undefined {
  const [serial, payment, target, mood] = body.split(' ')
  if (!payment || !target || !mood) return undefined
  return { serial: Number(serial), payment, target, mood: mood as UpstreamMood }
}

/** @param hit counts the call, and gives it its number */
export function simUpstream(
  turn: () => Promise<void>,
  mood: () => UpstreamMood,
  hit: (payment: string, target: string, headers: string) => number,
): Upstream {
  return {
    async send({ request, headers, signal }) {
      await turn()
      if (signal.aborted) throw new UpstreamUnavailable('model')
      const payment = headers.find(([name]) => name === 'x-farebox-payment')?.[1] ?? ''
      const target = request.target.raw
      const now = mood()
      const serial = hit(payment, target, JSON.stringify(headers))
      await turn()
      if (now === 'away' || signal.aborted) throw new UpstreamUnavailable('model')
      const pieces = async function* () {
        yield Buffer.from(`${serial} ${payment} ${target} ${now} `)
        await turn()
        if (POURS.includes(now)) yield FILLER
        await turn()
        if (BREAKS.includes(now) || signal.aborted) throw new Error('broke off')
        yield Buffer.from('end')
      }
      const type = now === 'streams' ? 'text/event-stream' : 'text/plain'
      return { status: STATUS[now] ?? 200, headers: [['content-type', type]], body: Readable.from(pieces()) }
    },
    close: async () => undefined,
  }
}

/** What a caller got: a whole response, or the beginning of one. */
export interface Got {
  /** An upstream's response, or an answer of the gateway's own. */
  readonly from: 'upstream' | 'gateway'
  readonly status: number
  readonly body: string
  readonly complete: boolean
  /** It was asked to pay. */
  readonly quoted: boolean
}

/** A caller, as the model moves it. */
export interface SimClient extends Client {
  /** Hangs up, wherever it is. */
  leave(): void
}

/**
 * A caller who hangs up before or after a piece.
 *
 * @param hangsUpAt twice the number of the piece, and one more to have it still
 * @param began the first bytes of an upstream's response have come
 */
export function simClient(
  turn: () => Promise<void>,
  hangsUpAt: number | undefined,
  began: (text: string) => void,
  got: (got: Got) => void,
): SimClient {
  const gone = new AbortController()
  return {
    gone: gone.signal,
    leave: () => gone.abort(),
    answer(status, headers, body) {
      const quoted = headers.some(([name]) => name.toLowerCase() === 'payment-required')
      got({ from: 'gateway', status, body: Buffer.from(body).toString(), complete: true, quoted })
    },
    async stream(status, _headers, body, lost): Promise<Delivery> {
      let text = ''
      const end = (delivery: Delivery): Delivery => {
        body.destroy()
        got({ from: 'upstream', status, body: text, complete: delivery === 'complete', quoted: false })
        return delivery
      }
      const leaves = (at: number): boolean => {
        if (at === hangsUpAt) gone.abort()
        return gone.signal.aborted
      }
      try {
        let pieces = 0
        for await (const piece of body) {
          if (lost?.aborted) return end('lease-lost')
          if (leaves(2 * pieces)) return end('client-gone')
          text += Buffer.from(piece as Uint8Array)
            .toString('latin1')
            .replaceAll('.', '')
          if (pieces === 0) began(text)
          await turn()
          if (leaves(2 * pieces++ + 1)) return end('client-gone')
        }
      } catch {
        return end('upstream-broke')
      }
      return end('complete')
    },
  }
}

export const secondsOf = (ms: number) => seconds(Math.floor(ms / 1_000))
