import type { Route } from './domain/catalogue.ts'
import type { IdentifiedPayment } from './domain/payment.ts'
import type { Offer } from './domain/quote.ts'
import { isRefusal, type Refusal, refuse } from './domain/refusal.ts'
import type { EdgeRequest, PricedRequest } from './domain/request.ts'
import type { Settlement } from './domain/settlement.ts'
import type { Claim } from './ports/claim.ts'
import type { Client, Outgoing } from './ports/client.ts'
import type { Network } from './ports/network.ts'
import type { Parts } from './ports/parts.ts'
import type { Upstream } from './ports/upstream.ts'
import { type Answer, beginTry, call, forward } from './steps/forward.ts'
import { hold } from './steps/hold.ts'
import { keep, ready } from './steps/keep.ts'
import { settle, settleMode } from './steps/settle.ts'

/** One claimed payment on its way to a response. */
export interface Sale {
  readonly parts: Parts
  readonly request: EdgeRequest
  readonly client: Client
  readonly route: Route
  readonly priced: PricedRequest
  /** Absent where the payment was known before. */
  readonly offer: Offer | undefined
  readonly payment: IdentifiedPayment
  readonly claim: Claim
  /** Aborts when the request is over, and with it whatever the upstream still sends. */
  readonly ended: AbortController
  settlement?: Settlement
}

/** Settles and forwards, in the order that the route asks for; in none of them is anything handed out unsettled. */
export async function serve(sale: Sale): Promise<Outgoing | Refusal> {
  const { parts, request, client, route, priced, payment, claim } = sale
  const { found } = claim
  if (found.kind === 'owed' && found.kept) {
    sale.settlement = found.settlement
    if (await beginTry(claim)) return ready(found.kept)
    return refuse('payment_in_flight', { charged: 'yes', settlement: found.settlement })
  }
  const upstream = parts.upstreams.get(route.upstream) as Upstream
  const mode = settleMode(route, claim)
  // Who hangs up on a route that settles last is still charged for the work, and has its answer kept: it costs no free calls.
  const ends = [claim.lost, sale.ended.signal, mode === 'after' ? AbortSignal.timeout(route.timeoutMs) : client.gone]
  const signal = AbortSignal.any(ends)
  const ask = (): Answer => call(upstream, request, priced, { payer: payment.payer, payment: claim.key }, signal)
  const held =
    mode === 'after'
      ? await hold(claim, payment, parts.networks.get(payment.transfer.network) as Network, ask)
      : undefined
  if (isRefusal(held)) return held
  let early: Answer | undefined = held && Promise.resolve(held)
  const settlement = await settle(
    claim,
    payment,
    sale.offer,
    parts.facilitators,
    parts.networks,
    () => {
      if (mode === 'parallel') early = ask()
    },
    held !== undefined,
  )
  if (isRefusal(settlement)) return settlement
  sale.settlement = settlement
  const response = await forward(claim, settlement, () => early ?? ask())
  return isRefusal(response) ? response : keep(claim, settlement, request.method, response)
}
