import { describe, expect, test } from 'vitest'
import { atomicUnits, type Caip2 } from '../../src/domain/ids.ts'
import type { IdentifiedPayment } from '../../src/domain/payment.ts'
import { check, leastLife } from '../../src/steps/check.ts'
import { baseOffer, MINT, NOW, paymentFor, quote, SOLANA_PAYEE, solanaOffer } from '../support/fixtures.ts'

const MIN_VALIDITY_SECONDS = leastLife({ settle: 'before', timeoutMs: 10_000 })
const context = { now: NOW, skewSeconds: 30, leastLifeSeconds: MIN_VALIDITY_SECONDS }
const codeOf = (payment: IdentifiedPayment) => {
  const result = check(payment, quote, context)
  return 'refused' in result ? result.refused : 'passed'
}
const window = (validAfter: number, validBefore: number) => ({
  window: { validAfter: BigInt(validAfter), validBefore: BigInt(validBefore) },
})

describe('a payment that takes up an offer exactly', () => {
  test('passes on Base, in v2', () => expect(check(paymentFor(baseOffer), quote, context)).toBe(baseOffer))
  test('passes on Base, in v1', () =>
    expect(check(paymentFor(baseOffer, { v1: true }), quote, context)).toBe(baseOffer))
  test('passes on Solana, in v2', () => expect(check(paymentFor(solanaOffer), quote, context)).toBe(solanaOffer))
  test('passes on Solana, in v1', () =>
    expect(check(paymentFor(solanaOffer, { v1: true }), quote, context)).toBe(solanaOffer))
  test('passes when its extra holds more than ours', () =>
    expect(codeOf(paymentFor(baseOffer, { accepted: { extra: { ...baseOffer.extra, more: 1 } } }))).toBe('passed'))
})

describe('the offer', () => {
  test('another network is refused', () =>
    expect(codeOf(paymentFor({ ...baseOffer, network: 'eip155:1' as Caip2 }))).toBe('invalid_network'))
  test('another asset is refused', () =>
    expect(
      codeOf(paymentFor(baseOffer, { v1: true, transfer: { asset: '0x0000000000000000000000000000000000000001' } })),
    ).toBe('invalid_payment_requirements'))
  test('another mint is refused by its own name', () =>
    expect(codeOf(paymentFor(solanaOffer, { v1: true, transfer: { asset: MINT.toLowerCase() } }))).toBe(
      'invalid_exact_svm_payload_mint_mismatch',
    ))
})

describe('terms', () => {
  test.each([
    ['scheme', 'upto'],
    ['network', 'eip155:8453'],
    ['amount', atomicUnits(34_001n)],
    ['amount', atomicUnits(33_999n)],
    ['asset', baseOffer.asset.toLowerCase()],
    ['payTo', baseOffer.payTo.replace(/.$/, 'd')],
    ['maxTimeoutSeconds', 61],
    ['extra', { name: 'USDC' }],
    ['extra', undefined],
    ['extra', { name: 'USD Coin', version: '2' }],
  ])('an echo with another %s (%s) is refused', (member, value) =>
    expect(codeOf(paymentFor(baseOffer, { accepted: { [member]: value } }))).toBe('invalid_payment_requirements'),
  )
})

describe.each([
  ['v1', true],
  ['v2', false],
])('recipient and amount, %s', (_, v1) => {
  test('recipient: off by a nibble is refused', () =>
    expect(
      codeOf(paymentFor(baseOffer, { v1, transfer: { to: baseOffer.payTo.toLowerCase().replace(/.$/, 'd') } })),
    ).toBe('invalid_exact_evm_payload_recipient_mismatch'))
  test('to oneself is refused: it would move nothing', () => {
    const to = baseOffer.payTo.toLowerCase()
    expect(codeOf(paymentFor(baseOffer, { v1, transfer: { from: to, to } }))).toBe(
      'invalid_exact_evm_payload_recipient_mismatch',
    )
  })
  test.each([1n, -1n])('amount: off by %s is refused', (off) =>
    expect(codeOf(paymentFor(baseOffer, { v1, transfer: { amount: atomicUnits(baseOffer.amount + off) } }))).toBe(
      'invalid_exact_evm_payload_authorization_value',
    ),
  )
  test('recipient on Solana: another owner is refused', () =>
    expect(codeOf(paymentFor(solanaOffer, { v1, transfer: { to: SOLANA_PAYEE.toLowerCase() } }))).toBe(
      'invalid_exact_svm_payload_recipient_mismatch',
    ))
  test.each([1n, -1n])('amount on Solana: off by %s is refused', (off) =>
    expect(codeOf(paymentFor(solanaOffer, { v1, transfer: { amount: atomicUnits(solanaOffer.amount + off) } }))).toBe(
      'invalid_exact_svm_payload_amount_mismatch',
    ),
  )
  test('fee payer: another one than quoted is refused', () =>
    expect(codeOf(paymentFor(solanaOffer, { v1, feePayer: 'Somebody' }))).toBe('invalid_exact_svm_fee_payer_mismatch'))
})

describe('the time window', () => {
  test.each([
    [
      'valid only from the next second',
      window(NOW + 1, NOW + 60),
      'invalid_exact_evm_payload_authorization_valid_after',
    ],
    ['valid from now', window(NOW, NOW + 60), 'passed'],
    ['ended', window(NOW - 600, NOW - 1), 'invalid_exact_evm_payload_authorization_valid_before'],
    [
      'ending too soon to settle',
      window(NOW - 600, NOW + MIN_VALIDITY_SECONDS - 1),
      'invalid_exact_evm_payload_authorization_valid_before',
    ],
    ['ending just late enough', window(NOW - 600, NOW + MIN_VALIDITY_SECONDS), 'passed'],
    ['ending with the quote and the skew', window(NOW - 600, NOW + 90), 'passed'],
    [
      'outliving the quote and the skew',
      window(NOW - 600, NOW + 91),
      'invalid_exact_evm_payload_authorization_valid_before',
    ],
    ['in milliseconds', window(NOW - 600, NOW * 1_000), 'invalid_exact_evm_payload_authorization_valid_before'],
  ])('%s', (_, transfer, code) => expect(codeOf(paymentFor(baseOffer, { transfer }))).toBe(code))
})

describe('a route that settles last', () => {
  test('wants an authorization that outlives the upstream’s whole time', () => {
    const late = { ...context, leastLifeSeconds: leastLife({ settle: 'after', timeoutMs: 10_500 }) }
    expect(late.leastLifeSeconds).toBe(MIN_VALIDITY_SECONDS + 11)
    const enough = paymentFor(baseOffer, { transfer: window(NOW - 1, NOW + late.leastLifeSeconds) })
    expect(check(enough, quote, late)).toBe(baseOffer)
    const short = paymentFor(baseOffer, { transfer: window(NOW - 1, NOW + late.leastLifeSeconds - 1) })
    expect(check(short, quote, late)).toMatchObject({
      refused: 'invalid_exact_evm_payload_authorization_valid_before',
    })
  })
})

describe('a payment identifier', () => {
  test('that the route insists on and the payment lacks is asked for', () =>
    expect(check(paymentFor(baseOffer), { ...quote, identifier: 'required' }, context)).toMatchObject({
      refused: 'payment_identifier_required',
    }))
})

describe('an offer that is not made any more', () => {
  const before = { ...solanaOffer, extra: { feePayer: 'AnotherFeePayer' } }
  test('is taken while it is honoured', () =>
    expect(
      check(
        paymentFor(before, { feePayer: 'AnotherFeePayer' }),
        { ...quote, honoured: [solanaOffer, before] },
        context,
      ),
    ).toBe(before))
  test('is refused afterwards', () =>
    expect(codeOf(paymentFor(before, { feePayer: 'AnotherFeePayer' }))).toBe('invalid_payment_requirements'))
})
