import type { ProtocolVersion } from '../domain/payment.ts'
import type { Settlement } from '../domain/settlement.ts'
import type { Claim } from '../ports/claim.ts'
import type { Client, Delivery } from '../ports/client.ts'
import type { UpstreamResponse } from '../ports/upstream.ts'
import { responseHeaders } from '../wire/headers.ts'
import { writeReceipt } from '../wire/terms.ts'

/**
 * Hands the upstream's answer and the receipt to the payer.
 *
 * The record is closed when the last byte was handed over; anything less stays owed.
 */
export async function deliver(
  claim: Claim,
  settlement: Settlement,
  version: ProtocolVersion,
  response: UpstreamResponse,
  client: Client,
): Promise<Delivery> {
  const headers = [...responseHeaders(response.headers, true), writeReceipt(settlement, version, true)]
  const delivery = await client.stream(response.status, headers, response.body)
  await claim.move({ to: delivery === 'complete' ? 'delivered' : 'credited' })
  return delivery
}

/** Hands a free answer on. */
export function deliverFree(response: UpstreamResponse, client: Client): Promise<Delivery> {
  return client.stream(response.status, responseHeaders(response.headers, false), response.body)
}
