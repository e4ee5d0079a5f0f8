import type { Payment, ProtocolVersion } from '../domain/payment.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { EdgeRequest } from '../domain/request.ts'
import { decodeBase64, decodeUtf8 } from '../wire/base64.ts'
import { AmbiguousJson, parseStrict } from '../wire/json.ts'
import { readV1, V1_PAYMENT_HEADER } from '../wire/v1.ts'
import { readV2, V2_PAYMENT_HEADER } from '../wire/v2.ts'

/**
 * Reads the payment of a request; undefined when it brings none.
 *
 * One header, once: two payments, or one in two headers, are refused before either is looked at (threats T19).
 */
export function decode(request: EdgeRequest): Payment | undefined | Refusal {
  const v1 = request.headers.get(V1_PAYMENT_HEADER) ?? []
  const v2 = request.headers.get(V2_PAYMENT_HEADER) ?? []
  if (v1.length + v2.length > 1) return refuse('conflicting_payment_headers')
  const [value] = [...v1, ...v2]
  if (value === undefined) return undefined
  return decodePayment(value, v2.length > 0 ? 2 : 1)
}

/** Reads the value of a payment header of the given protocol version. */
export function decodePayment(value: string, version: ProtocolVersion): Payment | Refusal {
  const bytes = decodeBase64(value)
  if (!bytes || bytes.length === 0)
    return refuse('invalid_payload', { detail: 'The payment header is not padded standard base64.' })
  const text = decodeUtf8(bytes)
  if (text === undefined) return refuse('invalid_payload', { detail: 'The payment is not UTF-8.' })
  const json = parse(text)
  if ('refused' in json) return json
  const stated = (json.value as { x402Version?: unknown } | null)?.x402Version
  if (stated !== version) {
    return refuse('invalid_x402_version', { detail: `This header carries x402Version ${version}.` })
  }
  return version === 1 ? readV1(json.value) : readV2(json.value)
}

function parse(text: string): { value: unknown } | Refusal {
  try {
    return { value: parseStrict(text, { foldCase: true }) }
  } catch (error) {
    if (error instanceof AmbiguousJson) return refuse('invalid_payload', { detail: error.message })
    if (error instanceof SyntaxError) return refuse('invalid_payload', { detail: 'The payment is not JSON.' })
    throw error
  }
}
