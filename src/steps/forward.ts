import { type Refusal, refuse } from '../domain/refusal.ts'
import type { EdgeRequest, PricedRequest, Target } from '../domain/request.ts'
import type { Settlement } from '../domain/settlement.ts'
import type { Claim } from '../ports/claim.ts'
import { type Upstream, type UpstreamRequest, type UpstreamResponse, UpstreamUnavailable } from '../ports/upstream.ts'
import { requestHeaders } from '../wire/headers.ts'

/**
 * Calls the upstream for a settled payment, with exactly what was priced.
 *
 * The record says `delivering` first, so that no two instances call for one payment. What does not end as an answer is
 * kept as a credit.
 */
export async function forward(
  claim: Claim,
  settlement: Settlement,
  request: EdgeRequest,
  priced: PricedRequest,
  upstream: Upstream,
  gone: AbortSignal,
): Promise<UpstreamResponse | Refusal> {
  const tries = claim.found.kind === 'owed' ? claim.found.tries : 0
  if (!(await claim.move({ to: 'delivering', learnt: { tries: tries + 1 } })))
    return refuse('payment_in_flight', { charged: 'yes', settlement })
  const headers = requestHeaders(request, { payer: settlement.payer, payment: claim.key })
  const response = await send(upstream, {
    request: priced,
    headers,
    body: priced.body,
    signal: AbortSignal.any([gone, claim.lost]),
  })
  if (response && isDelivery(response.status)) return response
  response?.body.destroy()
  if (claim.lost.aborted) return refuse('payment_in_flight', { charged: 'yes', settlement })
  await claim.move({ to: 'credited' })
  const detail = response ? `The upstream answered ${response.status}; the payment is kept as a credit.` : undefined
  return refuse('upstream_failed', { settlement, ...(detail && { detail }) })
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

async function send(upstream: Upstream, message: UpstreamRequest): Promise<UpstreamResponse | undefined> {
  try {
    return await upstream.send(message)
  } catch (error) {
    if (error instanceof UpstreamUnavailable) return undefined
    throw error
  }
}

/** An upstream's 2xx to 4xx is what the payer bought; 408 and 429 are the upstream's own trouble. */
function isDelivery(status: number): boolean {
  return status >= 200 && status < 500 && status !== 408 && status !== 429
}
