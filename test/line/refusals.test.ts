import type { Hex } from 'viem'
import { generatePrivateKey } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ProblemCode, problems } from '../../src/domain/problems.ts'
import { decode, encode } from '../support/evm-payment.ts'
import { type Answer, openWorld, TARGET, type World } from '../support/world.ts'

let world: World
let revenueBefore: bigint
beforeAll(async () => {
  world = await openWorld({ solana: true })
})
afterAll(() => world.stop())
beforeEach(async () => {
  world.upstream.hits.length = 0
  revenueBefore = await world.revenue()
})

const now = () => Math.floor(Date.now() / 1_000)

/** A refusal says its code, what it costs, and what to do; nothing reached the upstream or the chain. */
async function expectRefusal(answer: Answer, code: ProblemCode): Promise<void> {
  const { status, retryable, hint } = problems[code]
  expect({ status: answer.status, code: answer.json?.code }).toEqual({ status, code })
  expect(answer.json).toMatchObject({
    status,
    retryable,
    hint,
    charged: false,
    title: expect.any(String),
    detail: expect.any(String),
  })
  expect(answer.json.requestId).toBe(answer.headers.get('x-request-id'))
  expect(answer.headers.get('cache-control')).toContain('no-store')
  const quoted = answer.headers.get('payment-required')
  if (status === 402) {
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(decode(quoted ?? '')).toMatchObject({ x402Version: 2, error: code })
    expect(answer.json).toMatchObject({
      x402Version: 1,
      error: code,
      accepts: [{ network: 'base-sepolia' }, { network: 'solana-devnet' }],
    })
  } else {
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(quoted).toBeNull()
  }
  expect(world.upstream.hits).toEqual([])
  expect(await world.revenue()).toBe(revenueBefore)
}

const send = (name: string, value: string) => world.call(undefined, { headers: { [name]: value } })

test('no payment', async () => expectRefusal(await world.call(), 'payment_required'))

describe('a header that is no payment', () => {
  test.each(['x-payment', 'payment-signature'])('%s: not base64', async (name) =>
    expectRefusal(await send(name, '%%%'), 'invalid_payload'),
  )
  test.each(['x-payment', 'payment-signature'])('%s: not JSON', async (name) =>
    expectRefusal(await send(name, encode('nonsense')), 'invalid_payload'),
  )
  test.each(['x-payment', 'payment-signature'])('%s: unknown version', async (name) =>
    expectRefusal(await send(name, encode({ x402Version: 7 })), 'invalid_x402_version'),
  )
  test('two payments at once', async () => {
    const { v1, v2 } = await world.sign()
    await expectRefusal(await world.call(v2, { headers: { 'x-payment': encode(v1) } }), 'conflicting_payment_headers')
  })
})

describe.each(['v1', 'v2'] as const)('a payment in %s', (protocol) => {
  const pay = async (...args: Parameters<World['sign']>) => world.call((await world.sign(...args))[protocol])
  test.each(['1', '-1'])('with an amount off by %s', async (off) => {
    const [offer] = await world.offers()
    const value = String(BigInt(offer?.amount ?? 0) + BigInt(off))
    await expectRefusal(await pay({ authorization: { value } }), 'invalid_exact_evm_payload_authorization_value')
  })
  test('to another recipient, off by a nibble', async () => {
    const [offer] = await world.offers()
    const to = offer?.payTo.replace(/.$/, (digit) => (digit === 'C' ? 'D' : 'C')) ?? ''
    await expectRefusal(
      await pay({ authorization: { to: to.toLowerCase() } }),
      'invalid_exact_evm_payload_recipient_mismatch',
    )
  })
  test('that has expired', async () =>
    expectRefusal(
      await pay({ authorization: { validBefore: String(now() - 1) } }),
      'invalid_exact_evm_payload_authorization_valid_before',
    ))
  test('that expires before it could be settled', async () =>
    expectRefusal(
      await pay({ authorization: { validBefore: String(now() + 3) } }),
      'invalid_exact_evm_payload_authorization_valid_before',
    ))
  test('that outlives its quote', async () =>
    expectRefusal(
      await pay({ authorization: { validBefore: String(now() + 3_600) } }),
      'invalid_exact_evm_payload_authorization_valid_before',
    ))
  test('that is not valid yet', async () =>
    expectRefusal(
      await pay({ authorization: { validAfter: String(now() + 30) } }),
      'invalid_exact_evm_payload_authorization_valid_after',
    ))
  test('with a signature of another domain', async () =>
    expectRefusal(await pay({ domain: { chainId: 8453 } }), 'invalid_exact_evm_payload_signature'))
  test('with a broken signature', async () =>
    expectRefusal(
      await pay({ tamper: (hex) => hex.replace(/^0x../, hex.startsWith('0xaa') ? '0xbb' : '0xaa') as Hex }),
      'invalid_exact_evm_payload_signature',
    ))
  test('with a high s', async () => expectRefusal(await pay({ tamper: raiseS }), 'invalid_exact_evm_payload_signature'))
  test('in somebody else’s name', async () =>
    expectRefusal(
      await pay({ authorization: { from: world.evm.accounts.payee.address } }),
      'invalid_exact_evm_payload_signature',
    ))
  test('from a payer without balance', async () =>
    expectRefusal(await pay({ privateKey: generatePrivateKey() }), 'insufficient_funds'))
  test('for a dearer route', async () => {
    const { [protocol]: cheap } = await world.sign()
    await expectRefusal(
      await world.call(cheap, { target: '/v2/dear' }),
      protocol === 'v1' ? 'invalid_exact_evm_payload_authorization_value' : 'invalid_payment_requirements',
    )
  })
})

describe('a v2 payment whose echo is not what was offered', () => {
  const pay = async (accepted: Record<string, unknown>) => world.call((await world.sign({ accepted })).v2)
  test('another amount', async () => expectRefusal(await pay({ amount: '33999' }), 'invalid_payment_requirements'))
  test('another recipient', async () =>
    expectRefusal(await pay({ payTo: world.evm.accounts.payer.address }), 'invalid_payment_requirements'))
  test('another asset', async () =>
    expectRefusal(await pay({ asset: world.evm.assets.TMAI }), 'invalid_payment_requirements'))
  test('another network', async () => expectRefusal(await pay({ network: 'eip155:8453' }), 'invalid_network'))
  test('another scheme', async () => expectRefusal(await pay({ scheme: 'upto' }), 'unsupported_scheme'))
})
test('a v1 payment on a network that is not offered', async () => {
  const { v1 } = await world.sign()
  await expectRefusal(await world.call({ ...v1, network: 'base' } as never), 'invalid_network')
})

describe('a replay', () => {
  test.each(['v1', 'v2'] as const)('in %s is refused with a fresh quote', async (protocol) => {
    const { [protocol]: payment } = await world.sign()
    expect((await world.call(payment)).status).toBe(200)
    revenueBefore = await world.revenue()
    world.upstream.hits.length = 0
    await expectRefusal(await world.call(payment), 'payment_already_used')
  })
  test('in the other protocol is the same payment', async () => {
    const { v1, v2 } = await world.sign()
    expect((await world.call(v1)).status).toBe(200)
    revenueBefore = await world.revenue()
    world.upstream.hits.length = 0
    await expectRefusal(await world.call(v2), 'payment_already_used')
  })
  test('for another request belongs to its first one', async () => {
    const { v2 } = await world.sign()
    expect((await world.call(v2)).status).toBe(200)
    revenueBefore = await world.revenue()
    world.upstream.hits.length = 0
    await expectRefusal(await world.call(v2, { target: '/v2/data?symbol=ETH' }), 'payment_for_other_request')
  })
  test('of an authorization that was spent elsewhere is refused', async () => {
    const { v2 } = await world.sign()
    const other = await openWorldOn(world)
    expect((await world.call(v2)).status).toBe(200)
    revenueBefore = await world.revenue()
    world.upstream.hits.length = 0
    await expectRefusal(await world.call(v2, { gateway: other.gateway }), 'payment_already_used')
    await other.stop()
  })
})

describe('a malformed request is refused before its payment is spent', () => {
  test('a query that the schema does not take', async () => {
    for (const target of ['/v2/data', '/v2/data?symbol=DOGE', '/v2/data?symbol=BTC&more=1']) {
      const { v2 } = await world.sign()
      await expectRefusal(await world.call(v2, { target }), 'invalid_input')
      expect((await world.call(v2)).status).toBe(200)
      world.upstream.hits.length = 0
      revenueBefore = await world.revenue()
    }
  })
  test.each([
    ['not JSON', '{', 'application/json'],
    ['a missing member', '{}', 'application/json'],
    ['a member of another type', '{"prompt":1}', 'application/json'],
    ['a key twice', '{"prompt":"a","prompt":"b"}', 'application/json'],
    ['JSON sent as text', '{"prompt":"a"}', 'text/plain'],
  ])('a body with %s', async (_, body, type) => {
    const { v2 } = await world.sign({}, '/v2/chat')
    await expectRefusal(
      await world.call(v2, { target: '/v2/chat', method: 'POST', body, headers: { 'content-type': type } }),
      'invalid_input',
    )
  })
  test('an unpaid one is told the price all the same', async () => {
    await expectRefusal(await world.call(undefined, { target: '/v2/data?symbol=DOGE&x=1' }), 'payment_required')
    await expectRefusal(await world.call(undefined, { target: '/v2/chat', method: 'POST' }), 'payment_required')
  })
  test('an ambiguous one is not', async () => {
    await expectRefusal(
      await world.call(undefined, { target: '/v2/data?symbol=BTC&symbol=ETH' }),
      'duplicate_query_key',
    )
    await expectRefusal(await world.call(undefined, { target: '/v2%2Fdata?symbol=BTC' }), 'ambiguous_target')
  })
  test('a body above the limit', async () => {
    const { v2 } = await world.sign({}, '/v2/chat')
    const body = JSON.stringify({ prompt: 'x'.repeat(1_100_000) })
    await expectRefusal(
      await world.call(v2, {
        target: '/v2/chat',
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      }),
      'body_too_large',
    )
  })
})

describe('routes', () => {
  test('an unknown path is not found', async () =>
    expectRefusal(await world.call(undefined, { target: '/v2/nothing' }), 'route_not_found'))
  test('a wrong method is told what is allowed', async () => {
    const answer = await world.call(undefined, { target: '/v2/data', method: 'POST' })
    await expectRefusal(answer, 'method_not_allowed')
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  })
  test('a free route is served without payment', async () => {
    expect(await world.call(undefined, { target: '/v2/status' })).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(await world.call(undefined, { target: '/v2/free', method: 'POST', body: 'hello' })).toMatchObject({
      status: 200,
      json: { body: 'hello' },
    })
  })
  test('the quote names what is asked for', async () => {
    const answer = await world.call()
    expect(answer.json.accepts[0].resource).toBe(`${world.gateway.url}${TARGET}`)
  })
})

function raiseS(hex: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = (order - BigInt(`0x${hex.slice(66, 130)}`)).toString(16).padStart(64, '0')
  return `0x${hex.slice(2, 66)}${s}${hex.endsWith('1b') ? '1c' : '1b'}`
}

/** A second gateway on the same chain with a store of its own, as after a store loss. */
async function openWorldOn({ evm }: World) {
  return openWorld({
    solana: true,
    pricing: ({ networks }) => {
      networks['base'] = { ...networks['base'], rpc: evm.rpcUrl }
    },
  })
}
