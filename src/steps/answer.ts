import type { ProtocolVersion } from '../domain/payment.ts'
import type { Quote } from '../domain/quote.ts'
import { carriesQuote, type Refusal } from '../domain/refusal.ts'
import type { EdgeRequest } from '../domain/request.ts'
import type { Client } from '../ports/client.ts'
import { PROBLEM_TYPE, writeProblem } from '../wire/problem.ts'
import { writeReceipt, writeTerms } from '../wire/terms.ts'
import { V2_TERMS_HEADER } from '../wire/v2.ts'

/**
 * Answers a refusal: a problem (RFC 9457), on 402 with the quote in both protocols.
 *
 * @param quote the quote of the route; needed where the refusal carries one
 * @param version of the payment that came; a receipt is written in the same
 */
export function answer(
  client: Client,
  request: EdgeRequest,
  refusal: Refusal,
  quote: Quote | undefined,
  version: ProtocolVersion = 2,
): void {
  const { problem, headers } = writeProblem(refusal, request.id)
  const { settlement } = refusal
  if (settlement) headers.push(writeReceipt(settlement, version, false))
  if (!quote || !carriesQuote(refusal)) {
    headers.push(['content-type', PROBLEM_TYPE])
    client.answer(problem.status, headers, JSON.stringify(problem))
    return
  }
  const terms = writeTerms(quote, `${request.origin}${request.target}`, refusal.refused)
  headers.push(['content-type', 'application/json'], [V2_TERMS_HEADER, terms.header])
  client.answer(problem.status, headers, JSON.stringify({ ...terms.body, ...problem }))
}
