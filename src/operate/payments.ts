import { type KeyParts, readKey } from '../domain/key.ts'
import type { IdentifiedPayment } from '../domain/payment.ts'
import { problems } from '../domain/problems.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { EdgeRequest } from '../domain/request.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { askChain } from '../ports/network.ts'
import type { Reply } from '../ports/reply.ts'
import { type Store, StoreUnavailable } from '../ports/store.ts'
import { PROBLEM_TYPE, writeProblem } from '../wire/problem.ts'
import { signInChallenge } from '../wire/siwx.ts'
import { type PaymentStatus, statusOf, statusOnChain } from './payment-status.ts'
import { type ProofParts, prove, SIGN_IN_SECONDS } from './proof.ts'
import { throttle } from './throttle.ts'

export interface PaymentsOptions extends ProofParts {
  readonly store: Pick<Store, 'read'>
  readonly clock: Clock
  readonly log: Log
  /** Where callers reach us; undefined: only a caller on this very machine can sign in. */
  readonly publicUrl: string | undefined
  readonly skewSeconds: number
}

/** `GET /payments/{key}`; undefined for any other path. */
export type Payments = (path: string) => ((request: EdgeRequest) => Promise<Reply>) | undefined

const PREFIX = '/payments/'
/** How often the chain is asked about payments without a record: anybody can sign such ones for nothing. */
const LOOKUPS = { perSecond: 5, atOnce: 4 }

/**
 * Tells the payer of a payment, and nobody else, what became of it: charged or not, owed or not, by which transaction.
 * Nothing is changed by asking.
 */
export function payments(options: PaymentsOptions): Payments {
  const lookups = throttle(options.clock, LOOKUPS)
  return (path) => {
    const asked = keyAt(path)
    return asked && ((request) => answer(request, asked, options, lookups))
  }
}

/** The key that a path names, as one segment, percent-encoded or not (RFC 3986 section 3.3 allows `:` in one). */
function keyAt(path: string): KeyParts | undefined {
  if (!path.startsWith(PREFIX)) return undefined
  try {
    return readKey(decodeURIComponent(path.slice(PREFIX.length)))
  } catch {
    return undefined
  }
}

async function answer(
  request: EdgeRequest,
  asked: KeyParts,
  options: PaymentsOptions,
  lookups: ReturnType<typeof throttle>,
): Promise<Reply> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return problemReply(request, refuse('method_not_allowed', { allow: ['GET', 'HEAD', 'OPTIONS'] }))
  const origin = options.publicUrl ?? (isLocal(request.origin) ? request.origin : undefined)
  const now = options.clock.now()
  const proof = prove(request, asked, options, { origin, keyAt, now, skewSeconds: options.skewSeconds })
  if (isRefusal(proof))
    return problemReply(request, proof, origin === undefined ? undefined : challenge(origin, asked, now))
  try {
    const found = await find(asked, proof.payment, options, lookups)
    return isRefusal(found) ? problemReply(request, found) : { status: 200, body: found }
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    options.log.error({ requestId: request.id, error: error.message }, 'store unavailable')
    return problemReply(request, refuse('store_unavailable', { charged: 'unknown' }))
  }
}

async function find(
  asked: KeyParts,
  payment: IdentifiedPayment | undefined,
  { store, networks }: PaymentsOptions,
  lookups: ReturnType<typeof throttle>,
): Promise<PaymentStatus | Refusal> {
  const record = await store.read(asked.key)
  if (record) return statusOf(asked, record)
  const network = networks.get(asked.network)
  if (!payment || !network) return refuse('payment_not_found')
  const found = await lookups(() => askChain(network, payment, undefined))
  if (!found) return refuse('overloaded', { charged: 'unknown' })
  return statusOnChain(asked, payment, found)
}

/** A Host header can name any host, so that a sign-in meant for another service could be played to this one; a machine's own names cannot. */
function isLocal(origin: string): boolean {
  const { hostname } = new URL(origin)
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

function challenge(origin: string, { key, network }: KeyParts, now: number): Record<string, unknown> {
  return signInChallenge({
    origin,
    uri: `${origin}${PREFIX}${encodeURIComponent(key)}`,
    network,
    statement: 'Ask what became of a payment',
    nonce: crypto.randomUUID().replaceAll('-', ''),
    issuedAt: new Date(now * 1_000),
    lifeSeconds: SIGN_IN_SECONDS,
  })
}

/** A 401 says how to sign in (RFC 9110 section 15.5.2), with the challenge where x402 clients look for extensions. */
function problemReply({ id }: EdgeRequest, refusal: Refusal, extensions?: Record<string, unknown>): Reply {
  const { problem, headers } = writeProblem(refusal, id)
  const { status } = problems[refusal.refused]
  if (status !== 401) return { status, body: problem, type: PROBLEM_TYPE, headers }
  return {
    status,
    body: { ...problem, ...(extensions && { extensions }) },
    type: PROBLEM_TYPE,
    headers: [...headers, ['www-authenticate', 'SIGN-IN-WITH-X']],
  }
}
