import { describe, expect, test } from 'vitest'
import type { Target } from '../../src/domain/request.ts'
import { compileInput } from '../../src/pricing/input.ts'
import { accept } from '../../src/steps/accept.ts'
import { checkInput } from '../../src/steps/check-input.ts'
import { identify } from '../../src/steps/identify.ts'
import { baseOffer, paymentFor, requestOf, routeOf } from '../support/fixtures.ts'

const targetOf = (raw: string): Target => ({
  raw,
  path: raw.split('?')[0] ?? '',
  query: [...new URLSearchParams(raw.split('?')[1] ?? '')],
})

describe('accepting a request', () => {
  test.each(['GET', 'HEAD', 'DELETE'])('a %s with a body is refused', async (method) =>
    expect(await accept(requestOf('/x', { method, body: 'a' }), targetOf('/x'))).toMatchObject({
      refused: 'body_not_allowed',
    }),
  )
  test.each([
    ['too-large', 'body_too_large'],
    ['aborted', 'body_unreadable'],
  ] as const)('a body that is %s is refused', async (outcome, refused) =>
    expect(
      await accept({ ...requestOf('/x', { method: 'POST' }), readBody: async () => ({ outcome }) }, targetOf('/x')),
    ).toMatchObject({ refused }),
  )
  test('what is read is what is priced', async () => {
    const accepted = await accept(requestOf('/x?a=1', { method: 'POST', body: 'hello' }), targetOf('/x?a=1'))
    expect(accepted).toMatchObject({ method: 'POST', target: { raw: '/x?a=1' } })
    expect('body' in accepted && Buffer.from(accepted.body).toString()).toBe('hello')
  })
  test('requests differ by method, target and body, and by nothing else', async () => {
    const fingerprint = async (...[target, more]: Parameters<typeof requestOf>) => {
      const accepted = await accept(requestOf(target, more), targetOf(target))
      return 'fingerprint' in accepted && accepted.fingerprint
    }
    const seen = await Promise.all([
      fingerprint('/x', { method: 'POST', body: 'a' }),
      fingerprint('/x', { method: 'PUT', body: 'a' }),
      fingerprint('/y', { method: 'POST', body: 'a' }),
      fingerprint('/x?', { method: 'POST', body: 'a' }),
      fingerprint('/x', { method: 'POST', body: 'b' }),
      fingerprint('/x', { method: 'POST' }),
      fingerprint('/x'),
      fingerprint('/x', { method: 'HEAD' }),
    ])
    expect(new Set(seen).size).toBe(seen.length)
    expect(await fingerprint('/x', { headers: { 'user-agent': 'other' } })).toBe(seen[6])
  })
})

describe('the input schema', () => {
  const query = {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 1, maximum: 9 }, s: { type: 'string' } },
    required: ['s'],
    additionalProperties: false,
  }
  const body = {
    type: 'object',
    properties: { prompt: { type: 'string' } },
    required: ['prompt'],
    additionalProperties: false,
  }
  const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
  const complaint = async (target: string, more: Parameters<typeof requestOf>[1] = {}, input = {}) => {
    const request = requestOf(target, more)
    const accepted = await accept(request, targetOf(target))
    if ('refused' in accepted) throw new Error(accepted.refused)
    return checkInput(request, routeOf({ input: compileInput(input) }), accepted)
  }

  test.each(['/x?s=a', '/x?s=a&n=9', '/x?n=1&s='])('takes %s', async (target) =>
    expect(await complaint(target, {}, { query })).toBeUndefined(),
  )
  test.each([
    ['/x', "must have required property 's'"],
    ['/x?s=a&n=0', 'query/n must be >= 1'],
    ['/x?s=a&n=1.5', 'query/n must be integer'],
    ['/x?s=a&n=Infinity', 'query/n must be'],
    ['/x?s=a&more=1', 'must NOT have additional properties ("more")'],
  ])('refuses %s, saying why', async (target, why) =>
    expect(await complaint(target, {}, { query })).toMatchObject({
      refused: 'invalid_input',
      detail: expect.stringContaining(why),
    }),
  )
  test('refuses a number that no bound stops', async () => {
    const open = { type: 'object', properties: { n: { type: 'number' } } }
    expect(await complaint('/x?n=Infinity', {}, { query: open })).toMatchObject({
      detail: 'query/n must be a finite number.',
    })
  })
  test('a route without a schema takes anything', async () =>
    expect(await complaint('/x?a=1', { method: 'POST', body: '\u0000' })).toBeUndefined())

  test('takes a JSON body', async () =>
    expect(
      await complaint('/x', { method: 'POST', headers: JSON_TYPE, body: '{"prompt":"a"}' }, { body }),
    ).toBeUndefined())
  test.each([
    ['text/plain', '{"prompt":"a"}', 'application/json'],
    ['application/json', '{', 'not JSON'],
    ['application/json', '{"prompt":"a","prompt":"b"}', 'more than once'],
    ['application/json', '{"prompt":1}', 'body/prompt must be string'],
    ['application/json', '{"prompt":"a","more":1}', '("more")'],
  ])('refuses %s %s, saying why', async (type, text, why) =>
    expect(
      await complaint('/x', { method: 'POST', headers: { 'content-type': type }, body: text }, { body }),
    ).toMatchObject({ refused: 'invalid_input', detail: expect.stringContaining(why) }),
  )
  test('refuses a body without a type', async () =>
    expect(await complaint('/x', { method: 'POST', body: '{"prompt":"a"}' }, { body })).toMatchObject({
      detail: 'The body must be application/json.',
    }))
  test('refuses a compressed body', async () =>
    expect(
      await complaint(
        '/x',
        { method: 'POST', headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: '{"prompt":"a"}' },
        { body },
      ),
    ).toMatchObject({ detail: 'The body must not be compressed.' }))
  test('refuses bytes that are no UTF-8', async () => {
    const request = {
      ...requestOf('/x', { method: 'POST', headers: JSON_TYPE }),
      readBody: async () => ({ outcome: 'read', bytes: Buffer.from([0x22, 0xff, 0x22]) }) as const,
    }
    const accepted = await accept(request, targetOf('/x'))
    expect(
      'body' in accepted && checkInput(request, routeOf({ input: compileInput({ body }) }), accepted),
    ).toMatchObject({ detail: 'The body is not UTF-8.' })
  })
})

test('a payment on a network that is not sold on is refused', () => {
  expect(identify(paymentFor(baseOffer).payment, new Map())).toEqual({ refused: 'invalid_network' })
})
