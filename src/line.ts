import type { Payment } from './domain/payment.ts'
import type { Quote } from './domain/quote.ts'
import { carriesQuote, isRefusal, type Refusal, refuse } from './domain/refusal.ts'
import type { EdgeRequest } from './domain/request.ts'
import type { Settlement } from './domain/settlement.ts'
import type { Claim } from './ports/claim.ts'
import type { Client } from './ports/client.ts'
import type { Parts } from './ports/parts.ts'
import { StoreUnavailable } from './ports/store.ts'
import type { Upstream } from './ports/upstream.ts'
import { accept, takesBody } from './steps/accept.ts'
import { answer } from './steps/answer.ts'
import { check } from './steps/check.ts'
import { checkInput } from './steps/check-input.ts'
import { claim } from './steps/claim.ts'
import { decode } from './steps/decode.ts'
import { deliver, deliverFree } from './steps/deliver.ts'
import { forward, forwardFree } from './steps/forward.ts'
import { identify } from './steps/identify.ts'
import { type Match, match } from './steps/match.ts'
import { quote } from './steps/quote.ts'
import { recall } from './steps/recall.ts'
import { settle } from './steps/settle.ts'

/**
 * Takes one request from left to right: match, quote, decode, identify, accept, recall, check, claim, settle, forward, deliver.
 * Each step runs once and nothing calls backwards; whatever stops it is answered at the end.
 */
export async function line(parts: Parts, request: EdgeRequest, client: Client): Promise<void> {
  const matched = match(request, parts.catalogue)
  if (isRefusal(matched)) return answer(client, request, matched, undefined)
  if (matched.route.free) return give(parts, request, client, matched)
  const offered = quote(matched.route, parts.catalogue, parts.facilitators)
  const payment = decode(request)
  const refusal = isRefusal(payment)
    ? payment
    : payment
      ? await sell(parts, request, client, matched, offered, payment)
      : refuse('payment_required')
  if (!refusal) return
  // Nobody can pay what nobody can settle: without an offer there is no 402.
  if (carriesQuote(refusal) && offered.offers.length === 0)
    return answer(client, request, refuse('facilitator_unavailable'), undefined)
  answer(client, request, refusal, offered, isRefusal(payment) ? 2 : payment?.version)
}

/** A call that brings a payment; undefined once it has been served. */
async function sell(
  parts: Parts,
  request: EdgeRequest,
  client: Client,
  { route, target }: Match,
  offered: Quote,
  payment: Payment,
): Promise<Refusal | undefined> {
  const { store, networks, facilitators, catalogue, clock } = parts
  let held: Claim | undefined
  let settlement: Settlement | undefined
  try {
    const identified = identify(payment, networks)
    if (isRefusal(identified)) return identified
    const priced = await accept(request, target)
    if (isRefusal(priced)) return priced
    const known = await recall(store, identified.key)
    const offer = known
      ? undefined
      : check(identified, offered, { now: clock.now(), skewSeconds: catalogue.skewSeconds })
    if (isRefusal(offer)) return offer
    const malformed = known ? undefined : checkInput(request, route, priced)
    if (malformed) return malformed

    const claimed = await claim(store, identified, priced, { ...catalogue, version: offered.version })
    if (isRefusal(claimed)) return claimed
    held = claimed
    const settled = await settle(claimed, identified, offer, facilitators, networks)
    if (isRefusal(settled)) return settled
    settlement = settled
    const upstream = parts.upstreams.get(route.upstream) as Upstream
    const response = await forward(claimed, settled, request, priced, upstream, client.gone)
    if (isRefusal(response)) return response
    return await deliver(claimed, settled, payment.version, response, client, parts.log)
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    parts.log.error({ requestId: request.id, error: error.message }, 'store unavailable')
    return refuse('store_unavailable', settlement ? { charged: 'yes', settlement } : held ? { charged: 'unknown' } : {})
  } finally {
    held?.end()
  }
}

/** A call of a free route. */
async function give(parts: Parts, request: EdgeRequest, client: Client, { route, target }: Match): Promise<void> {
  if (request.hasBody && !takesBody(request.method)) {
    answer(client, request, refuse('body_not_allowed'), undefined)
    return
  }
  const response = await forwardFree(parts.upstreams.get(route.upstream) as Upstream, request, target, client.gone)
  if (isRefusal(response)) return answer(client, request, response, undefined)
  await deliverFree(response, client)
}
