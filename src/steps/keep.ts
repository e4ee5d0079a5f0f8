import { Readable } from 'node:stream'
import type { StoredResponse } from '../domain/record.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Settlement } from '../domain/settlement.ts'
import { type Claim, failureOf } from '../ports/claim.ts'
import type { Outgoing } from '../ports/client.ts'
import type { HeaderFields, UpstreamResponse } from '../ports/upstream.ts'
import { beforeFirst, beforeLast, readUpTo } from '../wire/body.ts'
import { responseHeaders } from '../wire/headers.ts'

/** Responses up to here are kept until they are delivered, so that a second try hands out the same bytes. */
export const KEEP_BYTES = 1_048_576

/**
 * Sees to it that one payment is answered with one response, whatever happens on the way (threats, invariant 2).
 *
 * A small response is kept before its first byte goes out, and a second try hands out the same bytes. Of a larger one the
 * last piece waits until the record says that it may have been handed over whole: another try could only complete it a second
 * time. An event stream counts as delivered from its first event on.
 */
export async function keep(
  claim: Claim,
  settlement: Settlement,
  method: string,
  response: UpstreamResponse,
): Promise<Outgoing | Refusal> {
  const headers = responseHeaders(response.headers, true)
  const { status } = response
  if (isEventStream(headers)) {
    let begun = false
    const body = beforeFirst(response.body, async () => {
      await count(claim)
      begun = true
    })
    return { status, headers, body, countsEarly: () => begun }
  }
  const read = await readUpTo(response.body, KEEP_BYTES)
  if (read.outcome === 'broke') {
    if (claim.lost.aborted) return refuse('payment_in_flight', { charged: 'yes', settlement })
    await claim.move({ to: 'credited' })
    return refuse(failureOf(claim), {
      settlement,
      detail: 'The upstream’s answer broke off; the payment is kept as a credit.',
    })
  }
  if (read.outcome === 'more') {
    const body = beforeLast(read.body, () => count(claim))
    return { status, headers, body, countsEarly: () => false }
  }
  const copy: StoredResponse = { status, headers: withLength(headers, status, method, read.bytes), body: read.bytes }
  if (await claim.move({ to: 'delivering', keep: copy })) return ready(copy)
  return refuse('payment_in_flight', { charged: 'yes', settlement })
}

/** A kept response, to be handed out again. */
export function ready({ status, headers, body }: StoredResponse): Outgoing {
  return { status, headers, body: Readable.from(body.length > 0 ? [body] : []), countsEarly: () => false }
}

/** From here on the payment has been served; a record that cannot be told so breaks the response off. */
async function count(claim: Claim): Promise<void> {
  if (!(await claim.move({ to: 'delivering', learnt: { served: true } }))) throw new Error('the claim was lost')
}

function isEventStream(headers: HeaderFields): boolean {
  return headers.some(([name, value]) => name === 'content-type' && value.startsWith('text/event-stream'))
}

/** A whole body has a known length; HEAD, 204 and 304 have none of their own (RFC 9110 section 8.6). */
function withLength(headers: HeaderFields, status: number, method: string, body: Uint8Array): HeaderFields {
  const known = headers.some(([name]) => name === 'content-length')
  if (known || method === 'HEAD' || status === 204 || status === 304) return headers
  return [...headers, ['content-length', String(body.length)]]
}
