import type { IdentifiedPayment, Payment } from './domain/payment.ts'
import type { Quote } from './domain/quote.ts'
import { carriesQuote, isRefusal, type Refusal, refuse } from './domain/refusal.ts'
import type { EdgeRequest } from './domain/request.ts'
import type { Settlement } from './domain/settlement.ts'
import type { Claim } from './ports/claim.ts'
import type { Client } from './ports/client.ts'
import type { Network } from './ports/network.ts'
import type { Parts } from './ports/parts.ts'
import { StoreUnavailable } from './ports/store.ts'
import type { Upstream } from './ports/upstream.ts'
import { type Sale, serve } from './sale.ts'
import { accept, takesBody } from './steps/accept.ts'
import { answer } from './steps/answer.ts'
import { check, leastLife } from './steps/check.ts'
import { checkInput } from './steps/check-input.ts'
import { claim } from './steps/claim.ts'
import { decode } from './steps/decode.ts'
import { deliver, deliverFree, replay } from './steps/deliver.ts'
import { forwardFree } from './steps/forward.ts'
import { identify } from './steps/identify.ts'
import { type Match, match } from './steps/match.ts'
import { quote } from './steps/quote.ts'
import { recall } from './steps/recall.ts'

/**
 * Takes one request from left to right: match, quote, decode, identify, accept, recall, check, claim, settle, forward, keep,
 * deliver. Each step runs once and nothing calls backwards; whatever stops it is answered at the end.
 */
export async function line(parts: Parts, request: EdgeRequest, client: Client): Promise<void> {
  const matched = match(request, parts.catalogue)
  if (isRefusal(matched)) return answer(client, request, matched, undefined)
  if (matched.route.free) return give(parts, request, client, matched)
  const offered = quote(matched.route, parts.catalogue, parts.facilitators, parts.quarantine)
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
  matched: Match,
  offered: Quote,
  payment: Payment,
): Promise<Refusal | undefined> {
  const identified = identify(payment, parts.networks)
  if (isRefusal(identified)) return identified
  const refusal = await buy(parts, request, client, matched, offered, identified)
  return refusal && { ...refusal, payment: identified.key }
}

/** The same, from where its signer is proven. */
async function buy(
  parts: Parts,
  request: EdgeRequest,
  client: Client,
  { route, target }: Match,
  offered: Quote,
  identified: IdentifiedPayment,
): Promise<Refusal | undefined> {
  const { store, networks, catalogue, clock, quarantine } = parts
  const { payment } = identified
  let sale: Sale | undefined
  let known = false
  try {
    const priced = await accept(request, target)
    if (isRefusal(priced)) return priced
    known = await recall(store, identified.key)
    if (!known && quarantine.isShut(payment.network)) return shut(parts, payment)
    const context = { now: clock.now(), skewSeconds: catalogue.skewSeconds, leastLifeSeconds: leastLife(route) }
    const offer = known ? undefined : check(identified, offered, context)
    if (isRefusal(offer)) return offer
    const malformed = known ? undefined : checkInput(request, route, priced)
    if (malformed) return malformed

    const { finality } = networks.get(payment.network) as Network
    const claimed = await claim(store, identified, priced, { ...catalogue, route: route.key, finality })
    if (isRefusal(claimed)) return claimed
    if ('replay' in claimed) return void (await replay(claimed, payment.version, client))
    sale = {
      parts,
      request,
      client,
      route,
      priced,
      offer,
      payment: identified,
      claim: claimed,
      ended: new AbortController(),
    }
    // Known when it was recalled and released since: nothing was checked.
    if (claimed.found.kind === 'new' && !offer) return await giveUp(claimed, refuse('payment_in_flight'))
    // The store forgot between the two questions: the claim may be the second one.
    if (claimed.found.kind === 'new' && quarantine.isShut(payment.network))
      return await giveUp(claimed, shut(parts, payment))
    const response = await serve(sale)
    if (isRefusal(response)) return response
    return await deliver(claimed, sale.settlement as Settlement, payment.version, response, client, parts.log)
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    parts.log.error({ requestId: request.id, error: error.message }, 'store unavailable')
    const settlement = sale?.settlement
    return refuse(
      'store_unavailable',
      settlement ? { charged: 'yes', settlement } : sale || known ? { charged: 'unknown' } : {},
    )
  } finally {
    sale?.ended.abort()
    sale?.claim.end()
  }
}

async function giveUp(claimed: Claim, refusal: Refusal): Promise<Refusal> {
  await claimed.release()
  return refusal
}

function shut({ quarantine }: Parts, { network }: Payment): Refusal {
  return refuse('network_shut', { retryAfter: quarantine.retryAfter(network) })
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
