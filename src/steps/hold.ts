import { Readable } from 'node:stream'
import type { IdentifiedPayment } from '../domain/payment.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Claim } from '../ports/claim.ts'
import { ChainUnavailable, type Network } from '../ports/network.ts'
import { isDelivery, type UpstreamResponse } from '../ports/upstream.ts'
import { readUpTo } from '../wire/body.ts'

/** What may wait in memory for its settlement. */
const HOLD_BYTES = 8 * 1_048_576
const PIECE_BYTES = 65_536

/**
 * Has the upstream answer first, for a route that is settled afterwards. The whole answer is held: not a byte of it leaves
 * before the payment is settled (threats T15).
 *
 * The payment is simulated before the upstream is called, so that a drained wallet costs no work.
 */
export async function hold(
  claim: Claim,
  payment: IdentifiedPayment,
  network: Network,
  answer: () => Promise<UpstreamResponse | undefined>,
): Promise<UpstreamResponse | Refusal> {
  const refusal = await simulate(network, payment)
  const outcome = refusal ?? ((await claim.confirm()) ? await held(answer) : refuse('payment_in_flight'))
  if ('refused' in outcome && !(await claim.release())) return refuse('payment_in_flight')
  return claim.lost.aborted ? refuse('payment_in_flight') : outcome
}

async function simulate(network: Network, payment: IdentifiedPayment): Promise<Refusal | undefined> {
  try {
    const code = await network.preflight(payment)
    return code && refuse(code)
  } catch (error) {
    if (error instanceof ChainUnavailable) return refuse('chain_unavailable')
    throw error
  }
}

async function held(answer: () => Promise<UpstreamResponse | undefined>): Promise<UpstreamResponse | Refusal> {
  const response = await answer()
  if (!response || !isDelivery(response.status)) {
    response?.body.destroy()
    return refuse('upstream_unavailable', response ? { detail: `The upstream answered ${response.status}.` } : {})
  }
  const read = await readUpTo(response.body, HOLD_BYTES)
  if (read.outcome === 'whole') return { ...response, body: Readable.from(pieces(read.bytes)) }
  if (read.outcome === 'broke') return refuse('upstream_unavailable', { detail: 'The upstream’s answer broke off.' })
  read.body.destroy()
  response.body.destroy()
  return refuse('response_too_large')
}

/** In pieces again, so that the last one is a small part of a large answer: see `keep`. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) yield bytes.subarray(from, from + PIECE_BYTES)
}
