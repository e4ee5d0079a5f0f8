import { problem } from './problem.ts'

const SIGN_AGAIN = 'Sign the challenge in `extensions` and send it in SIGN-IN-WITH-X, or send the payment itself.'

/** Refusals to whoever asks what became of a payment; the names are those of the x402 extension `sign-in-with-x` where it has one. */
export const proofProblems = {
  sign_in_required: problem(401, 'Only the payer is told what became of a payment', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_payload: problem(401, 'The sign-in cannot be read', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_domain_mismatch: problem(401, 'The sign-in is for another domain', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_uri_mismatch: problem(401, 'The sign-in is for another resource', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_chain_id: problem(401, 'The sign-in is for another chain', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_issued_at_too_old: problem(401, 'The sign-in is too old', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_issued_at_in_future: problem(
    401,
    'The sign-in was issued in the future',
    true,
    'unknown',
    'Set the clock, then sign the challenge in `extensions`.',
  ),
  invalid_siwx_expired: problem(401, 'The sign-in has expired', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_not_yet_valid: problem(401, 'The sign-in is not valid yet', true, 'unknown', SIGN_AGAIN),
  invalid_siwx_signature: problem(401, 'The signature is not that wallet’s', true, 'unknown', SIGN_AGAIN),
  not_the_payer: problem(
    403,
    'That does not prove to be the payer',
    false,
    'unknown',
    'Sign with the wallet that paid, or send the very payment that the address names.',
  ),
  payment_not_found: problem(
    404,
    'There is no record of that payment',
    false,
    'unknown',
    'Ask with the payment itself in PAYMENT-SIGNATURE or X-PAYMENT: then the chain is asked whether it was spent.',
  ),
} as const
