import { getBase58Encoder } from '@solana/kit'
import { createSIWxClientHook } from '@x402/extensions/sign-in-with-x'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readTransaction } from '../../src/adapters/solana/transaction.ts'
import { decode, encode } from '../support/evm-payment.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { signSolana } from '../support/solana-client.ts'
import { solanaWallet } from '../support/wallets.ts'
import { type Answer, openWorld, type RunningGateway, type World } from '../support/world.ts'

type Signed = Awaited<ReturnType<World['sign']>>['v2']

let world: World
let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
  world = await openWorld({ store: 'redis', redisUrl: redis.url, solana: true })
})
afterAll(async () => {
  await world.stop()
  await redis.stop()
})
beforeEach(() => {
  world.upstream.hits.length = 0
  world.upstream.behave(undefined)
})

/** The address of a payment's page, from what its payer knows. */
const pageOf = ({ accepted, payload }: Signed): string => {
  const { from, nonce } = payload.authorization
  return `/payments/${encodeURIComponent(`${accepted.network}:${accepted.asset}:${from}:${nonce}`.toLowerCase())}`
}
const transactionOf = ({ headers }: Answer): unknown => decode(headers.get('payment-response') ?? '')['transaction']

type Wallet = Parameters<typeof createSIWxClientHook>[0]
/** Asks as a wallet does: takes the challenge, has the published client sign it, asks again. */
async function askByWallet(target: string, wallet: Wallet, gateway: RunningGateway = world.gateway): Promise<Answer> {
  const challenged = await world.call(undefined, { target, gateway })
  expect(challenged).toMatchObject({ status: 401, json: { code: 'sign_in_required' } })
  expect(challenged.headers.get('payment-required')).toBeNull()
  const signed = await createSIWxClientHook(wallet)({
    paymentRequired: challenged.json,
    requestUrl: `${gateway.url}${target}`,
  })
  return world.call(undefined, { target, gateway, headers: signed?.headers ?? {} })
}
const payer = () => privateKeyToAccount(world.evm.accounts.payer.privateKey as Hex)

describe('a payment that was served', () => {
  test('is told to be charged and not owed, to its wallet and to whoever sends it; asking changes nothing', async () => {
    const { v1, v2 } = await world.sign()
    const served = await world.call(v2)
    expect(served.status).toBe(200)
    const target = pageOf(v2)
    const told = {
      status: 200,
      json: {
        state: 'delivered',
        charged: true,
        owed: false,
        transaction: transactionOf(served),
        amount: '34000',
        payer: payer().address,
      },
    }
    const revenue = await world.revenue()
    expect(await askByWallet(target, payer())).toMatchObject(told)
    expect(await world.call(v2, { target })).toMatchObject(told)
    expect(await world.call(v1, { target })).toMatchObject(told)
    expect(await world.revenue()).toBe(revenue)
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.call(v2)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
  })
  test('on Solana, to the wallet that paid', async () => {
    const { solana } = world
    if (!solana) throw new Error('no Solana')
    const offer = (await world.offers()).find(({ network }) => network === solana.network)
    if (!offer) throw new Error('no offer on Solana')
    const { v2 } = await signSolana(solana, offer)
    const served = await world.call(v2)
    expect(served.status).toBe(200)
    const hash = readTransaction(Buffer.from(v2.payload.transaction, 'base64'))?.messageHash
    const target = `/payments/${solana.network}:${solana.accounts.payer.address}:${hash}`
    const told = {
      status: 200,
      json: { state: 'delivered', charged: true, owed: false, transaction: transactionOf(served) },
    }
    const wallet = solanaWallet(Uint8Array.from(getBase58Encoder().encode(solana.accounts.payer.secretKey)))
    expect(await askByWallet(target, wallet)).toMatchObject(told)
    expect(await world.call(v2, { target })).toMatchObject(told)
    const stranger = solanaWallet(Uint8Array.from(getBase58Encoder().encode(solana.accounts.payee.secretKey)))
    expect(await askByWallet(target, stranger)).toMatchObject({ status: 403, json: { code: 'not_the_payer' } })
  })
  test('is told to nobody else', async () => {
    const { v2 } = await world.sign()
    expect((await world.call(v2)).status).toBe(200)
    const target = pageOf(v2)
    const { v2: another } = await world.sign()
    const refused = [
      await world.call(another, { target }),
      await askByWallet(target, privateKeyToAccount(generatePrivateKey())),
      await world.call(undefined, { target }),
    ]
    expect(refused.map(({ status, json }) => [status, json.code])).toEqual([
      [403, 'not_the_payer'],
      [403, 'not_the_payer'],
      [401, 'sign_in_required'],
    ])
    for (const { text, headers } of refused) {
      expect(text).not.toContain('delivered')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('payment-required')).toBeNull()
      expect(headers.get('content-type')).toBe('application/problem+json')
    }
    expect(refused[2]?.headers.get('www-authenticate')).toBe('SIGN-IN-WITH-X')
  })
})

test('a payment that was not served is owed, until another one redeems it', async () => {
  world.upstream.behave((_, response) => void response.writeHead(500).end())
  const { v2 } = await world.sign()
  const failed = await world.call(v2)
  expect(failed.status).toBe(502)
  const transaction = transactionOf(failed)
  expect(await askByWallet(pageOf(v2), payer())).toMatchObject({
    status: 200,
    json: {
      state: 'credited',
      charged: true,
      owed: true,
      transaction,
      tries: 1,
      hint: expect.stringContaining('same request again'),
    },
  })
  world.upstream.behave(undefined)
  const { v2: next } = await world.sign()
  expect((await world.call(next)).status).toBe(200)
  expect((await world.call(v2, { target: pageOf(v2) })).json).toMatchObject({
    state: 'delivered',
    charged: true,
    owed: false,
    transaction,
  })
  expect((await world.call(next, { target: pageOf(next) })).json).toMatchObject({
    state: 'delivered',
    charged: false,
    owed: false,
    transaction: null,
    against: decodeURIComponent(pageOf(v2).slice('/payments/'.length)),
  })
})

describe('a payment that has no record', () => {
  test('and was never sent is told to be uncharged', async () => {
    const { v2 } = await world.sign()
    expect(await world.call(v2, { target: pageOf(v2) })).toMatchObject({
      status: 200,
      json: { state: 'unspent', charged: false, owed: false },
    })
    expect((await world.call(v2)).status).toBe(200)
  })
  test('because the store was lost, is told to be charged, by which transaction, and whom to ask', async () => {
    const { v2 } = await world.sign()
    const served = await world.call(v2)
    expect(served.status).toBe(200)
    const forgetful = await startRedis()
    const other = await openWorld({
      store: 'redis',
      redisUrl: forgetful.url,
      pricing: ({ networks }) => {
        networks['base'] = { ...networks['base'], rpc: world.evm.rpcUrl }
      },
    })
    const target = pageOf(v2)
    expect(await world.call(v2, { target, gateway: other.gateway })).toMatchObject({
      status: 200,
      json: {
        state: 'unrecorded',
        charged: true,
        owed: false,
        transaction: transactionOf(served),
        hint: expect.stringContaining('operator'),
      },
    })
    expect(await askByWallet(target, payer(), other.gateway)).toMatchObject({
      status: 404,
      json: { code: 'payment_not_found', charged: 'unknown' },
    })
    await other.stop()
    await forgetful.stop()
  })
})

test('while the store is down nothing is told, and the proof is looked at first', async () => {
  const { v2 } = await world.sign()
  const { v2: another } = await world.sign()
  process.kill(redis.pid, 'SIGSTOP')
  const [down, refused] = await Promise.all([
    world.call(v2, { target: pageOf(v2) }),
    world.call(another, { target: pageOf(v2) }),
  ])
  process.kill(redis.pid, 'SIGCONT')
  expect(down).toMatchObject({ status: 503, json: { code: 'store_unavailable', charged: 'unknown' } })
  expect(down.headers.get('retry-after')).not.toBeNull()
  expect(refused).toMatchObject({ status: 403 })
  await expect.poll(async () => (await world.call(v2, { target: pageOf(v2) })).status, { timeout: 15_000 }).toBe(200)
})

describe('the page', () => {
  test('answers HEAD, and browsers that ask first; nothing else', async () => {
    const { v2 } = await world.sign()
    const target = pageOf(v2)
    const head = await world.call(v2, { target, method: 'HEAD' })
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' })
    const preflight = await world.call(undefined, { target, method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('SIGN-IN-WITH-X')
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect(await world.call(v2, { target, method })).toMatchObject({
        status: 405,
        json: { code: 'method_not_allowed' },
      })
  })
  test('is there for payments alone', async () => {
    for (const target of ['/payments', '/payments/x'])
      expect(await world.call(undefined, { target })).toMatchObject({ status: 404, json: { code: 'route_not_found' } })
    expect(await world.call(undefined, { target: '/payments/' })).toMatchObject({ status: 400 })
  })
  test('takes one proof, and spends none', async () => {
    const { v2 } = await world.sign()
    const before = await world.revenue()
    expect((await world.call(v2, { target: pageOf(v2), headers: { 'x-payment': encode(v2) } })).json).toMatchObject({
      code: 'conflicting_payment_headers',
    })
    expect(await world.revenue()).toBe(before)
  })
})
