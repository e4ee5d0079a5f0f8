import { describe, expect, test } from 'vitest'
import { decode, decodePayment } from '../../src/steps/decode.ts'
import { baseOffer, requestOf } from '../support/fixtures.ts'

const authorization = {
  from: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  to: baseOffer.payTo,
  value: '34000',
  validAfter: '0',
  validBefore: '1800000060',
  nonce: `0x${'Ab'.repeat(32)}`,
}
const payload = { signature: `0x${'11'.repeat(65)}`, authorization }
const { scheme, network, asset, payTo, maxTimeoutSeconds, extra } = baseOffer
const v1 = { x402Version: 1, scheme: 'exact', network: 'base-sepolia', payload }
const v2 = {
  x402Version: 2,
  accepted: { scheme, network, amount: '34000', asset, payTo, maxTimeoutSeconds, extra },
  payload,
}
const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
const codeOf = (value: string, version: 1 | 2 = 2) => {
  const result = decodePayment(value, version)
  return 'refused' in result ? result.refused : 'read'
}

describe('a payment', () => {
  test('in v1 and in v2 reads as the same authorization, in canonical form', () => {
    const [one, two] = [decodePayment(base64(v1), 1), decodePayment(base64(v2), 2)]
    expect(one).toMatchObject({ version: 1, network: 'eip155:84532', accepted: undefined })
    expect(two).toMatchObject({ version: 2, network: 'eip155:84532', accepted: { amount: 34_000n } })
    expect('authorization' in one && one.authorization).toEqual('authorization' in two && two.authorization)
    expect(one).toMatchObject({
      authorization: {
        from: authorization.from.toLowerCase(),
        nonce: authorization.nonce.toLowerCase(),
        value: 34_000n,
      },
    })
  })
  test('with re-ordered members reads alike', () =>
    expect(decodePayment(base64({ payload, network: 'base-sepolia', scheme: 'exact', x402Version: 1 }), 1)).toEqual(
      decodePayment(base64(v1), 1),
    ))
  test('may be absent', () => expect(decode(requestOf('/'))).toBeUndefined())
  test('with a null extra is read', () =>
    expect(codeOf(base64({ ...v2, accepted: { ...v2.accepted, extra: null } }))).toBe('read'))
})

describe('headers', () => {
  test.each([
    ['both protocols at once', { 'x-payment': base64(v1), 'payment-signature': base64(v2) }],
    ['one header twice', { 'payment-signature': [base64(v2), base64(v2)] }],
  ])('%s are refused', (_, headers) =>
    expect(decode(requestOf('/', { headers: headers as Record<string, string[]> }))).toEqual({
      refused: 'conflicting_payment_headers',
    }),
  )
})

describe('what is no payment', () => {
  test.each([
    ['empty', ''],
    ['not base64', '!!!!'],
    ['base64url', base64(v2).replace(/.$/, '_')],
    ['unpadded base64', Buffer.from('{"a":1}').toString('base64').replace(/=+$/, '')],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64')],
    ['not JSON', base64('{')],
    ['a key twice', base64(JSON.stringify(v2).replace('"x402Version":2', '"x402Version":2,"x402Version":2'))],
    ['a key twice, in another case', base64(JSON.stringify(v2).replace('"nonce"', '"Nonce":"0x","nonce"'))],
    ['__proto__', base64(JSON.stringify(v2).replace('"payload"', '"__proto__":{},"payload"'))],
    ['deep nesting', base64(`${'['.repeat(100)}${']'.repeat(100)}`)],
    ['no payload', base64({ ...v2, payload: undefined })],
    ['no terms', base64({ ...v2, accepted: undefined })],
    [
      'an unknown member of the authorization',
      base64({ ...v2, payload: { ...payload, authorization: { ...authorization, extra: 1 } } }),
    ],
    ['a Solana payload on an EVM network', base64({ ...v2, payload: { transaction: 'AAAA' } })],
  ])('%s is refused as unreadable', (_, value) => expect(codeOf(value)).toBe('invalid_payload'))

  test.each(['', '0x10', '+1', '1e4', '-1', '01', ' 1', '1.0', String(2n ** 256n), '9'.repeat(79)])(
    'the amount %j is refused',
    (value) =>
      expect(codeOf(base64({ ...v2, payload: { ...payload, authorization: { ...authorization, value } } }))).toBe(
        'invalid_payload',
      ),
  )
  test('an amount that is no text is refused', () =>
    expect(codeOf(base64({ ...v2, payload: { ...payload, authorization: { ...authorization, value: 34_000 } } }))).toBe(
      'invalid_payload',
    ))
})

describe('the detail says what to mend', () => {
  test.each([
    ['!!!!', 'not padded standard base64'],
    ['', 'not padded standard base64'],
    [Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'), 'not UTF-8'],
    [base64('{'), 'not JSON'],
    [base64('{"a":1,"A":2}'), 'more than once'],
  ])('%j: %s', (value, detail) =>
    expect(decodePayment(value, 2)).toMatchObject({ detail: expect.stringContaining(detail) }),
  )
})

describe('versions', () => {
  test.each([
    [3, 2],
    [0, 2],
    ['2', 2],
    [undefined, 2],
    [1, 2],
    [2, 1],
  ])('x402Version %j in the header of version %s is refused', (x402Version, header) =>
    expect(codeOf(base64({ ...v2, x402Version }), header as 1 | 2)).toBe('invalid_x402_version'),
  )
  test('null is no payment', () => expect(codeOf(base64('null'))).toBe('invalid_x402_version'))
})

describe('scheme and network', () => {
  test('another scheme is refused', () => {
    expect(codeOf(base64({ ...v1, scheme: 'upto' }), 1)).toBe('unsupported_scheme')
    expect(codeOf(base64({ ...v2, accepted: { ...v2.accepted, scheme: 'upto' } }))).toBe('unsupported_scheme')
  })
  test('a v1 network that nobody knows is refused', () =>
    expect(codeOf(base64({ ...v1, network: 'nowhere' }), 1)).toBe('invalid_network'))
})
