import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { Offer } from '../../domain/quote.ts'
import type { Log } from '../../ports/log.ts'
import type { Network } from '../../ports/network.ts'
import { writeSettlement } from '../../wire/facilitator.ts'
import { openFacilitatorApi } from './api.ts'
import { createBreaker, type Leave } from './breaker.ts'
import { readSupport, type Support } from './supported.ts'

const HEALTHY_EVERY_MS = 30_000
const UNHEALTHY_EVERY_MS = 2_000
const HEALTH_TIMEOUT_MS = 2_500
const SECOND_TRY_MS = 150
/** For so long an answer shows that a facilitator lives. */
const FRESH_MS = 2_000
/** For so long a fee payer that it named may stand in a quote: the longest validity there is, and clocks that differ. */
const NAMED_MS = 900_000

const STATUS = { closed: 'healthy', open: 'failing', 'half-open': 'on trial' } as const

const settleAnswer = z.object({ success: z.boolean(), transaction: z.string().max(128).nullish() })

/** What a facilitator says came of a settlement; its word alone counts for nothing. */
export type Said = z.output<typeof settleAnswer>

type Extra = Readonly<Record<string, string>>

/** One remote x402 facilitator: whether it lives, and what it says. */
export interface Remote {
  readonly origin: string
  /** What its offers must carry; undefined while it cannot settle. */
  extra(): Extra | undefined
  /** Every `extra` that a payment may name it by; empty while it cannot settle. */
  honoured(): readonly Extra[]
  /**
   * Takes leave to send it a payment: one that it settles, and it was alive a moment ago. What is found out here is found out
   * before anything is written down. Undefined where there is no leave.
   */
  begin(payment: IdentifiedPayment): Promise<Leave | undefined>
  /** `POST /settle`; undefined for whatever is no answer of the kind. */
  settle(payment: IdentifiedPayment, offer: Offer, timeoutMs: number): Promise<Said | undefined>
  /** Looks at its health now, and from then on by itself. */
  check(): Promise<void>
  close(): Promise<void>
}

export function openRemote(url: string, network: Network, log: Log): Remote {
  const { origin } = new URL(url)
  const api = openFacilitatorApi(url)
  const breaker = createBreaker(() => performance.now())
  const named = new Map<string, number>()
  let support: Support | undefined
  let aliveAt = Number.NEGATIVE_INFINITY
  let checking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let status: string | undefined

  const usable = () => (breaker.state() === 'open' ? undefined : support)
  const report = () => {
    const next = support ? STATUS[breaker.state()] : 'unhealthy'
    if (next === status || closed) return
    status = next
    log[next === 'healthy' ? 'info' : 'warn']({ network: network.id, facilitator: origin }, `facilitator is ${next}`)
  }
  const checkIn = (ms: number) => {
    clearTimeout(timer)
    // Instances that were started together do not ask together.
    if (!closed) timer = setTimeout(check, ms * (0.8 + Math.random() * 0.4)).unref()
  }
  const ask = async () => readSupport(await api.get('/supported', HEALTH_TIMEOUT_MS), network.id)

  const look = async () => {
    // One answer that got lost is no illness.
    support = (await ask()) ?? (await sleep(SECOND_TRY_MS).then(ask))
    if (support) {
      aliveAt = performance.now()
      for (const feePayer of support.feePayers) named.set(feePayer, aliveAt)
      for (const [feePayer, seen] of named) if (aliveAt - seen > NAMED_MS) named.delete(feePayer)
      breaker.probed()
    }
    checking = undefined
    report()
    checkIn(usable() ? HEALTHY_EVERY_MS : UNHEALTHY_EVERY_MS)
  }
  const check = () => {
    checking ??= look()
    return checking
  }

  return {
    origin,
    check,
    extra: () => usable() && extraOf(support?.feePayers[0]),
    honoured() {
      if (!usable()) return []
      return named.size === 0 ? [{}] : [...named.keys()].map(extraOf)
    },
    async begin({ sponsored }) {
      if (!usable() || (sponsored && !named.has(sponsored.feePayer))) return undefined
      if (performance.now() - aliveAt > FRESH_MS) await check()
      const leave = usable() && breaker.enter()
      return (
        leave &&
        ((verdict) => {
          leave(verdict)
          if (breaker.state() === 'open' && status !== STATUS.open) checkIn(UNHEALTHY_EVERY_MS)
          report()
        })
      )
    },
    async settle({ payment }, offer, timeoutMs) {
      const versions = support?.versions ?? []
      const version = versions.includes(payment.version) ? payment.version : (versions[0] ?? payment.version)
      const answer = settleAnswer.safeParse(
        await api.post('/settle', writeSettlement(payment, offer, version), timeoutMs),
      )
      // Whether one that did not answer lives is asked before the next payment is given to it.
      aliveAt = answer.success ? performance.now() : Number.NEGATIVE_INFINITY
      return answer.data
    },
    close() {
      closed = true
      clearTimeout(timer)
      return api.close()
    },
  }
}

const extraOf = (feePayer: string | undefined): Extra => (feePayer ? { feePayer } : {})
