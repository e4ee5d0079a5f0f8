import type { PaymentKey, Seconds } from './ids.ts'
import { type Charged, type ProblemCode, problems } from './problems.ts'
import type { Settlement } from './settlement.ts'

/** Why a request was not served; a value, not an exception, because every caller handles it. */
export interface Refusal {
  readonly refused: ProblemCode
  /** What exactly was wrong, for the agent to read. Never holds a secret, a signature or a node's words. */
  readonly detail?: string
  readonly retryAfter?: Seconds
  /** Methods for a 405. */
  readonly allow?: readonly string[]
  /** What was charged, where something was: the agent's receipt. */
  readonly settlement?: Settlement
  /** The payment that came with the request, once its signer is proven. */
  readonly payment?: PaymentKey
  /** Overrides the table where the same code can mean either. */
  readonly charged?: Charged
}

export function refuse(code: ProblemCode, more: Omit<Refusal, 'refused'> = {}): Refusal {
  return { refused: code, ...more }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}

/** Only these carry a fresh quote: never a 409 or a 503, which would invite a second payment (threats T6). */
export function carriesQuote(refusal: Refusal): boolean {
  const { status } = problems[refusal.refused]
  return status === 402 || status === 412
}

/** RFC 9457 members of a refusal, with x402's additions. `charged` is a boolean once it is known. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  readonly detail: string
  readonly hint: string
  readonly retryable: boolean
  readonly charged: boolean | 'unknown'
  readonly requestId: string
  /** Where its payer can ask what became of the payment: `GET /payments/{key}`. */
  readonly payment?: string
}

const CHARGED: Record<Charged, boolean | 'unknown'> = { no: false, yes: true, unknown: 'unknown' }

export function toProblem(refusal: Refusal, requestId: string): Problem {
  const { status, title, hint, retryable, charged } = problems[refusal.refused]
  return {
    type: `urn:farebox:problem:${refusal.refused}`,
    title,
    status,
    code: refusal.refused,
    detail: refusal.detail ?? `${title}.`,
    hint,
    retryable,
    charged: CHARGED[refusal.charged ?? charged],
    requestId,
    ...(refusal.payment && { payment: `/payments/${encodeURIComponent(refusal.payment)}` }),
  }
}
