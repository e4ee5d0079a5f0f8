import { Readable } from 'node:stream'
import type { ProtocolVersion } from '../domain/payment.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Settlement } from '../domain/settlement.ts'
import type { Claim, Replay } from '../ports/claim.ts'
import type { Client, Delivery, Outgoing } from '../ports/client.ts'
import type { Log } from '../ports/log.ts'
import { StoreUnavailable } from '../ports/store.ts'
import type { UpstreamResponse } from '../ports/upstream.ts'
import { responseHeaders } from '../wire/headers.ts'
import { writeReceipt } from '../wire/terms.ts'

const CLOSE_TRIES = 4
const CLOSE_WAIT_MS = 250

/**
 * Hands the upstream's answer and the receipt to the payer.
 *
 * The claim is confirmed before the first byte, and the record closed when the last one was handed over; anything less
 * stays owed.
 *
 * @returns a refusal only while nothing has been sent
 */
export async function deliver(
  claim: Claim,
  settlement: Settlement,
  version: ProtocolVersion,
  response: Outgoing,
  client: Client,
  log: Log,
): Promise<Refusal | undefined> {
  if (!(await claim.confirm())) {
    response.body.destroy()
    return refuse('payment_in_flight', { charged: 'yes', settlement })
  }
  const headers = [...response.headers, writeReceipt(settlement, version, true)]
  const delivery = await client.stream(response.status, headers, response.body, claim.lost)
  const served = delivery === 'complete' || response.countsEarly()
  const closed = await close(claim, served, response.status)
  if (!closed || delivery !== 'complete')
    log.warn({ payment: claim.key, delivery, closed }, 'delivery not closed as complete')
  return undefined
}

/** Closes the record, trying again while the store is away: the response is out, so there is nobody left to tell. */
async function close(claim: Claim, served: boolean, status: number): Promise<boolean> {
  for (let attempt = 1; attempt <= CLOSE_TRIES; attempt++) {
    try {
      const learnt = { served }
      return await claim.move(served ? { to: 'delivered', learnt, status } : { to: 'credited', learnt })
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      await new Promise((resolve) => setTimeout(resolve, CLOSE_WAIT_MS * attempt))
    }
  }
  return false
}

/** Answers a call again as it was answered before: the same bytes, the same receipt. */
export function replay(
  { replay: { status, headers, body }, settlement }: Replay,
  version: ProtocolVersion,
  client: Client,
): Promise<Delivery> {
  const bytes = Readable.from(body.length > 0 ? [body] : [])
  return client.stream(status, [...headers, writeReceipt(settlement, version, true)], bytes)
}

/** Hands a free answer on. */
export function deliverFree(response: UpstreamResponse, client: Client): Promise<Delivery> {
  return client.stream(response.status, responseHeaders(response.headers, false), response.body)
}
