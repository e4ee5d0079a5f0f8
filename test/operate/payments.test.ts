import { createSIWxClientHook } from '@x402/extensions/sign-in-with-x'
import { describe, expect, test } from 'vitest'
import { encode } from '../support/evm-payment.ts'
import { BASE_SEPOLIA, requestOf, USDC } from '../support/fixtures.ts'
import {
  ask,
  KEY,
  NONCE,
  ORIGIN,
  pathOf,
  payer,
  recordOf,
  SOLANA_KEY,
  serve,
  settlement,
  sign,
  signIn,
  solanaPayer,
  stage,
  stranger,
  terms,
} from './payments-support.ts'

describe('who is told', () => {
  test('whoever sends the payment itself, in either protocol', async () => {
    const { v1, v2 } = await sign()
    const told = {
      status: 200,
      body: { payment: KEY, state: 'credited', charged: true, owed: true, transaction: '0xsettled' },
    }
    expect(await ask(KEY, { 'payment-signature': encode(v2) })).toMatchObject(told)
    expect(await ask(KEY, { 'x-payment': encode(v1) })).toMatchObject(told)
  })
  test('whoever signs with the wallet that paid, through the published client alone', async () => {
    const challenged = await ask(KEY)
    expect(challenged).toMatchObject({
      status: 401,
      type: 'application/problem+json',
      body: { code: 'sign_in_required' },
    })
    expect(challenged.headers).toContainEqual(['www-authenticate', 'SIGN-IN-WITH-X'])
    const hook = createSIWxClientHook(payer)
    const signed = await hook({ paymentRequired: challenged.body, requestUrl: `${ORIGIN}${pathOf(KEY)}` })
    expect(await ask(KEY, signed?.headers ?? {})).toMatchObject({ status: 200, body: { payment: KEY } })
  })
  test('a Solana wallet likewise', async () => {
    stage.records.set(SOLANA_KEY, recordOf({ settlement, terms: { ...terms, payer: solanaPayer.address } }))
    const { body } = await ask(SOLANA_KEY)
    const signed = await createSIWxClientHook(solanaPayer)({ paymentRequired: body, requestUrl: `${ORIGIN}/x` })
    expect(await ask(SOLANA_KEY, signed?.headers ?? {})).toMatchObject({ status: 200, body: { payment: SOLANA_KEY } })
  })
  test('a key may be written raw, and with upper-case hexadecimal digits', async () => {
    const target = `/payments/${BASE_SEPOLIA}:${USDC}:${payer.address}:${NONCE}`
    const answer = await stage.page(target)?.(
      requestOf(target, { headers: { 'payment-signature': encode((await sign()).v2) } }),
    )
    expect(answer).toMatchObject({ status: 200, body: { payment: KEY } })
  })
  test('nothing in it says what was bought', async () => {
    const { body } = await ask(KEY, await signIn())
    expect(JSON.stringify(body)).not.toMatch(/secret|fingerprint|digest/)
  })
})

/** Refused before the store was asked anything, and in the same words whether there is a record or not. */
async function expectRefused(status: number, code: string, headers: () => Promise<Record<string, string | string[]>>) {
  for (const known of [true, false]) {
    if (!known) stage.records.clear()
    const answer = await ask(KEY, await headers())
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
    expect(answer.body.charged).toBe('unknown')
    expect(answer.headers).toContainEqual(['cache-control', 'no-store'])
    expect(JSON.stringify([answer.body, answer.headers])).not.toMatch(/0xsettled|credited|accepts/)
    expect(answer.body.extensions !== undefined).toBe(status === 401)
  }
  expect(stage.reads).toEqual([])
}

describe('who is not told', () => {
  test('another payment of the same payer', () =>
    expectRefused(403, 'not_the_payer', async () => ({
      'payment-signature': encode((await sign({ nonce: `0x${'ac'.repeat(32)}` })).v2),
    })))
  test('a payment with the payer’s name and another’s signature', () =>
    expectRefused(403, 'not_the_payer', async () => {
      const { v2 } = await sign()
      const signature = await stranger.signMessage({ message: 'hello' })
      return { 'payment-signature': encode({ ...v2, payload: { ...v2.payload, signature } }) }
    }))
  test('another wallet', () => expectRefused(403, 'not_the_payer', () => signIn({ signer: stranger })))
  test('another wallet that gives the payer’s address', () =>
    expectRefused(401, 'invalid_siwx_signature', () => signIn({ signer: stranger, sent: { address: payer.address } })))
  test('a signature over other words', () =>
    expectRefused(401, 'invalid_siwx_signature', () => signIn({ sent: { statement: 'Other words' } })))
  test('a sign-in for another domain', () =>
    expectRefused(401, 'invalid_siwx_domain_mismatch', () =>
      signIn({ info: { domain: 'evil.example', uri: `http://evil.example${pathOf(KEY)}` } }),
    ))
  test('a sign-in for another origin of that domain', () =>
    expectRefused(401, 'invalid_siwx_uri_mismatch', () =>
      signIn({ info: { uri: `https://farebox.test${pathOf(KEY)}` } }),
    ))
  test.each([
    ['another payment', pathOf(KEY.replace(/ab$/, 'ac'))],
    ['the root', '/'],
    ['a route', '/v2/data'],
    ['the page with a query', `${pathOf(KEY)}?a=1`],
  ])('a sign-in for %s', (_, path) =>
    expectRefused(401, 'invalid_siwx_uri_mismatch', () => signIn({ info: { uri: `${ORIGIN}${path}` } })),
  )
  test('a sign-in for another chain', () =>
    expectRefused(401, 'invalid_siwx_chain_id', () => signIn({ info: { chainId: 'eip155:8453' } })))
  const at = (offset: number) => new Date((stage.now + offset) * 1_000).toISOString()
  test('a sign-in of more than five minutes ago', () =>
    expectRefused(401, 'invalid_siwx_issued_at_too_old', () =>
      signIn({ info: { issuedAt: at(-301), expirationTime: undefined } }),
    ))
  test('a sign-in of tomorrow', () =>
    expectRefused(401, 'invalid_siwx_issued_at_in_future', () => signIn({ info: { issuedAt: at(31) } })))
  test('a sign-in of no day at all', () =>
    expectRefused(401, 'invalid_siwx_issued_at_too_old', () => signIn({ sent: { issuedAt: '2026-13-41T00:00:00Z' } })))
  test('one that has expired', () =>
    expectRefused(401, 'invalid_siwx_expired', () => signIn({ info: { expirationTime: at(0) } })))
  test('one that is not valid yet', () =>
    expectRefused(401, 'invalid_siwx_not_yet_valid', () => signIn({ info: { notBefore: at(31) } })))
  test('two sign-ins', () =>
    expectRefused(401, 'invalid_siwx_payload', async () => {
      const { 'sign-in-with-x': one } = await signIn()
      return { 'sign-in-with-x': [one, one] }
    }))
  test('a contract’s signature', () =>
    expectRefused(401, 'invalid_siwx_signature', () => signIn({ sent: { signature: `0x${'12'.repeat(200)}` } })))
  test('nobody in particular', () => expectRefused(401, 'sign_in_required', async () => ({})))

  test('a sign-in lasts five minutes, and a clock may be half a minute off', async () => {
    const headers = await signIn({ info: { expirationTime: undefined } })
    stage.now += 300
    expect((await ask(KEY, headers)).status).toBe(200)
    stage.now += 1
    expect((await ask(KEY, headers)).body.code).toBe('invalid_siwx_issued_at_too_old')
    stage.now -= 331
    expect((await ask(KEY, headers)).status).toBe(200)
  })
  test('two payments, or one that cannot be read, are malformed', async () => {
    const { v1, v2 } = await sign()
    const both = { 'payment-signature': encode(v2), 'x-payment': encode(v1) }
    expect(await ask(KEY, both)).toMatchObject({
      status: 400,
      body: { code: 'conflicting_payment_headers', charged: 'unknown' },
    })
    expect(await ask(KEY, { 'x-payment': '%%%' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_payload', charged: 'unknown' },
    })
    expect(stage.reads).toEqual([])
  })
})

describe('an origin that only a Host header tells', () => {
  test('binds nothing: no challenge, and no sign-in counts', async () => {
    const headers = await signIn()
    stage.page = serve(undefined)
    const { body, status } = await ask(KEY, headers)
    expect({ status, code: body.code, extensions: body.extensions }).toEqual({
      status: 401,
      code: 'invalid_siwx_domain_mismatch',
      extensions: undefined,
    })
    expect(body.detail).toContain('PUBLIC_URL')
    expect(await ask(KEY, { 'payment-signature': encode((await sign()).v2) })).toMatchObject({ status: 200 })
  })
})

describe('methods', () => {
  test('HEAD is answered like GET', async () => expect((await ask(KEY, await signIn(), 'HEAD')).status).toBe(200))
  test.each(['POST', 'DELETE', 'PUT'])('%s is not', async (method) => {
    const answer = await ask(KEY, await signIn(), method)
    expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
    expect(answer.headers).toContainEqual(['allow', 'GET, HEAD, OPTIONS'])
  })
  test.each([
    '/payments',
    '/payments/',
    '/payments/x',
    `/payments/${KEY}/more`,
    '/payments/%',
    '/payments/eip155:1:a',
    `${pathOf(KEY)}%2F..`,
  ])('%s is no page', (path) => expect(stage.page(path)).toBeUndefined())
})
