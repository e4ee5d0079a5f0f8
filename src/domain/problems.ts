import { type Charged, type ProblemType, problem } from './problem.ts'
import { proofProblems } from './proof-problems.ts'

export type { Charged }

const PAY_AGAIN = 'Sign a new payment for the quote in this answer and send the request again.'
const FIX_REQUEST = 'Correct the request and send it again; the payment you signed is still unspent.'
const FIX_PAYMENT = 'Encode the payment as the x402 specification says: base64 of UTF-8 JSON, each key once.'
const SAME_AGAIN = 'Send the same request with the same payment after Retry-After seconds; do not sign a new one.'

/**
 * Every refusal Farebox can give; the README's table is generated from this one.
 *
 * Codes are x402's own error reasons wherever one exists (x402 specification v2, section 9; `@x402/evm`, `@x402/svm`).
 */
export const problems = {
  // The request itself
  ambiguous_target: problem(
    400,
    'The target can be read in more than one way',
    false,
    'no',
    'Send the plain path and query: no encoded separators, dot segments, doubled slashes or control characters.',
  ),
  ambiguous_request: problem(
    400,
    'The request can be read in more than one way',
    false,
    'no',
    'Send HTTP/1.1 with one Host and at most one Content-Type and Content-Encoding.',
  ),
  duplicate_query_key: problem(
    400,
    'A query key came more than once',
    false,
    'no',
    'Send each query key once; several values go into one, separated by commas.',
  ),
  route_not_found: problem(
    404,
    'There is no such route',
    false,
    'no',
    'Check the path, letter by letter; paths are case sensitive.',
  ),
  method_not_allowed: problem(
    405,
    'The route does not take this method',
    false,
    'no',
    'Use a method named in the Allow header.',
  ),
  invalid_input: problem(400, 'The request does not fit the route', false, 'no', FIX_REQUEST),
  body_not_allowed: problem(400, 'The method takes no body', false, 'no', FIX_REQUEST),
  body_too_large: problem(413, 'The body is too large', false, 'no', FIX_REQUEST),
  body_unreadable: problem(400, 'The body ended before it was complete', true, 'no', FIX_REQUEST),
  // The payment header
  conflicting_payment_headers: problem(
    400,
    'More than one payment came with the request',
    false,
    'no',
    'Send one payment, in one header: PAYMENT-SIGNATURE (v2) or X-PAYMENT (v1).',
  ),
  invalid_payload: problem(400, 'The payment cannot be read', false, 'no', FIX_PAYMENT),
  invalid_x402_version: problem(
    400,
    'The payment is in an unknown version of x402',
    false,
    'no',
    'Use x402Version 2 in PAYMENT-SIGNATURE, or 1 in X-PAYMENT.',
  ),
  payment_identifier_invalid: problem(
    400,
    'The payment identifier is malformed',
    false,
    'no',
    'Name the call with 16 to 128 letters, digits, - and _ in extensions.payment-identifier.info.id.',
  ),
  payment_identifier_required: problem(
    400,
    'The route asks for a payment identifier',
    false,
    'no',
    'Name the call in extensions.payment-identifier.info.id, as PAYMENT-REQUIRED declares it; the payment is still unspent.',
  ),
  // The payment against the quote
  payment_required: problem(
    402,
    'Payment is required',
    true,
    'no',
    'Sign one of the offers in `accepts` and send it in PAYMENT-SIGNATURE (v2) or X-PAYMENT (v1).',
  ),
  unsupported_scheme: problem(402, 'The payment scheme is not offered here', true, 'no', PAY_AGAIN),
  invalid_network: problem(402, 'The network is not offered here', true, 'no', PAY_AGAIN),
  invalid_payment_requirements: problem(402, 'The accepted terms are not a quote of this route', true, 'no', PAY_AGAIN),
  invalid_exact_evm_payload_signature: problem(402, 'The signature is not the payer’s', true, 'no', PAY_AGAIN),
  invalid_exact_evm_payload_recipient_mismatch: problem(
    402,
    'The payment goes to another recipient',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_evm_payload_authorization_value: problem(
    402,
    'The amount is not the quoted one',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_evm_payload_authorization_valid_before: problem(
    402,
    'The authorization ends too soon or too late',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_evm_payload_authorization_valid_after: problem(
    402,
    'The authorization is not valid yet',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_transaction_could_not_be_decoded: problem(
    400,
    'The Solana transaction cannot be read',
    false,
    'no',
    FIX_PAYMENT,
  ),
  invalid_exact_svm_payload_signature_invalid: problem(402, 'The signature is not the payer’s', true, 'no', PAY_AGAIN),
  invalid_exact_svm_payload_excessive_signers: problem(
    402,
    'The transaction asks for other signatures than the payer’s and the fee payer’s',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_no_transfer_instruction: problem(
    402,
    'The transaction does not hold exactly one checked transfer',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_unknown_optional_instruction: problem(
    402,
    'The transaction holds an instruction that is not allowed',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_memo_count: problem(402, 'The transaction holds more than one memo', true, 'no', PAY_AGAIN),
  invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction: problem(
    402,
    'The transaction does not set its compute limit once',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction_too_high: problem(
    402,
    'The compute limit is above what is sponsored',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_transaction_instructions_compute_price_instruction_too_high: problem(
    402,
    'The compute price is above what is sponsored',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_fee_payer_mismatch: problem(402, 'The fee payer is not the quoted one', true, 'no', PAY_AGAIN),
  invalid_exact_svm_payload_transaction_fee_payer_transferring_funds: problem(
    402,
    'The fee payer is named in an instruction',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_mint_mismatch: problem(402, 'The payment is in another token', true, 'no', PAY_AGAIN),
  invalid_exact_svm_payload_recipient_mismatch: problem(
    402,
    'The payment goes to another recipient',
    true,
    'no',
    PAY_AGAIN,
  ),
  invalid_exact_svm_payload_amount_mismatch: problem(402, 'The amount is not the quoted one', true, 'no', PAY_AGAIN),
  // The payment against the chain
  insufficient_funds: problem(
    402,
    'The payer’s balance does not cover the amount',
    true,
    'no',
    'Fund the wallet, then sign a new payment for the quote in this answer.',
  ),
  transaction_simulation_failed: problem(402, 'The chain would not accept the payment', true, 'no', PAY_AGAIN),
  invalid_transaction_state: problem(402, 'The transaction was mined and moved nothing', true, 'no', PAY_AGAIN),
  payment_expired: problem(402, 'The authorization ended unspent', true, 'no', PAY_AGAIN),
  payment_already_used: problem(402, 'The payment has been used', true, 'no', PAY_AGAIN),
  payment_refunded: problem(402, 'The payment has been paid back', true, 'no', PAY_AGAIN),
  // What became of a payment: GET /payments/{key}
  ...proofProblems,
  // The payment against its own past
  payment_in_flight: problem(409, 'The payment is being processed', true, 'unknown', SAME_AGAIN),
  payment_for_other_request: problem(
    409,
    'The payment belongs to another request',
    false,
    'no',
    'Send it with the request it was first used for, or sign a new payment for this one.',
  ),
  earlier_payment_pending: problem(
    409,
    'An earlier payment for the same request may have been settled',
    true,
    'no',
    'Send the request again after Retry-After seconds; if that payment was settled, it pays for this call.',
  ),
  payment_identifier_conflict: problem(
    409,
    'The payment identifier was used for something else',
    false,
    'no',
    'Use a new identifier for a new call; the payment is still unspent.',
  ),
  payment_identifier_spent: problem(
    409,
    'The call of this identifier was answered, and the answer is not kept any more',
    false,
    'no',
    'Use a new identifier to buy the call again; the payment is still unspent.',
  ),
  settlement_pending: problem(503, 'The outcome of the settlement is not known yet', true, 'unknown', SAME_AGAIN),
  // Parts that do not answer
  store_unavailable: problem(503, 'The payment store does not answer', true, 'no', SAME_AGAIN),
  facilitator_unavailable: problem(503, 'The facilitator does not answer', true, 'no', SAME_AGAIN),
  chain_unavailable: problem(503, 'The chain’s node does not answer', true, 'no', SAME_AGAIN),
  overloaded: problem(503, 'The gateway is at its limit', true, 'no', SAME_AGAIN),
  internal_error: problem(500, 'The gateway failed', true, 'unknown', SAME_AGAIN),
  network_shut: problem(
    503,
    'Payments on this network are not taken for a short while',
    true,
    'unknown',
    'Send the same request with the same payment after Retry-After seconds, or pay on another network if it is a new call.',
  ),
  upstream_unavailable: problem(502, 'The upstream did not answer', true, 'no', 'Send the request again later.'),
  response_too_large: problem(
    502,
    'The upstream answered more than can be held until the payment is settled',
    false,
    'no',
    'Ask for less at once; the payment is still unspent.',
  ),
  // Settled, not served
  upstream_failed: problem(
    502,
    'The upstream did not answer; the payment is kept as a credit',
    true,
    'yes',
    'Send the same request with the same payment again: it will not be charged a second time.',
  ),
  delivery_exhausted: problem(
    502,
    'The payment was tried as often as it may be; it is kept as a credit',
    false,
    'yes',
    'Ask the operator for a refund, naming the transaction in the receipt; a new payment buys the call anew.',
  ),
} as const satisfies Record<string, ProblemType>

export type ProblemCode = keyof typeof problems
