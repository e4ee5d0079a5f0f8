import { type Refusal, refuse } from '../domain/refusal.ts'
import type { EdgeRequest, PricedRequest, Target } from '../domain/request.ts'
import type { Settlement } from '../domain/settlement.ts'
import { type Claim, failureOf } from '../ports/claim.ts'
import {
  isDelivery,
  type Upstream,
  type UpstreamRequest,
  type UpstreamResponse,
  UpstreamUnavailable,
} from '../ports/upstream.ts'
import { requestHeaders } from '../wire/headers.ts'

/** An upstream's answer on its way; undefined when none came. It never rejects. */
export type Answer = Promise<UpstreamResponse | undefined>

/** Calls the upstream of a paid route, with exactly what was priced. */
export function call(
  upstream: Upstream,
  request: EdgeRequest,
  priced: PricedRequest,
  paid: { readonly payer: string; readonly payment: string },
  signal: AbortSignal,
): Answer {
  return send(upstream, { request: priced, headers: requestHeaders(request, paid), body: priced.body, signal })
}

/**
 * Has the upstream answer for a settled payment.
 *
 * The record says `delivering` first, so that no two instances call for one payment. What does not end as an answer is
 * kept as a credit.
 *
 * @param answer begins the call, or gives the answer that came while the payment was being settled
 */
export async function forward(
  claim: Claim,
  settlement: Settlement,
  answer: () => Answer,
): Promise<UpstreamResponse | Refusal> {
  if (!(await beginTry(claim))) return refuse('payment_in_flight', { charged: 'yes', settlement })
  const response = await answer()
  if (response && isDelivery(response.status)) return response
  response?.body.destroy()
  if (claim.lost.aborted) return refuse('payment_in_flight', { charged: 'yes', settlement })
  await claim.move({ to: 'credited' })
  const detail = response ? `The upstream answered ${response.status}; the payment is kept as a credit.` : undefined
  return refuse(failureOf(claim), { settlement, ...(detail && { detail }) })
}

/** Writes down that the payment is being served once more; false when the claim is lost. */
export function beginTry({ found, move }: Claim): Promise<boolean> {
  const tries = found.kind === 'owed' ? found.tries : 0
  return move({ to: 'delivering', learnt: { tries: tries + 1 } })
}

/** Calls the upstream of a free route; the body streams through. */
export async function forwardFree(
  upstream: Upstream,
  request: EdgeRequest,
  target: Target,
  gone: AbortSignal,
): Promise<UpstreamResponse | Refusal> {
  const headers = requestHeaders(request)
  const body = request.hasBody ? request.stream() : undefined
  return (
    (await send(upstream, { request: { method: request.method, target }, headers, body, signal: gone })) ??
    refuse('upstream_unavailable')
  )
}

async function send(upstream: Upstream, message: UpstreamRequest): Answer {
  try {
    return await upstream.send(message)
  } catch (error) {
    if (error instanceof UpstreamUnavailable) return undefined
    throw error
  }
}
