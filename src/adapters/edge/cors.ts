import type { HeaderFields } from '../../ports/upstream.ts'

/** Lets pages of any origin read quotes and receipts: payment, not origin, is what opens the gate. */
export const CORS_HEADERS: HeaderFields = [
  ['access-control-allow-origin', '*'],
  [
    'access-control-expose-headers',
    'PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE, X-Request-Id, Retry-After',
  ],
]

/** Clients really send `Access-Control-Expose-Headers` as a request header, so it has to be allowed. */
const ALLOWED_HEADERS = [
  'Content-Type',
  'PAYMENT-SIGNATURE',
  'X-PAYMENT',
  'SIGN-IN-WITH-X',
  'Access-Control-Expose-Headers',
  'x-coinbase-402',
  'X-API-Key',
].join(', ')

export const PREFLIGHT_HEADERS: HeaderFields = [
  ['access-control-allow-headers', ALLOWED_HEADERS],
  ['access-control-max-age', '86400'],
]
