import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import express from 'express'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startChild } from '../../devnet/child.ts'
import { type EvmChain, startEvm } from '../../devnet/index.ts'
import { ROOT, type Service, startUpstream } from '../../devnet/services.ts'
import { createShop } from '../../examples/express-app/app.ts'
import { devnetEnvironment } from '../../examples/express-app/devnet.ts'
import { createGateway, type Gateway } from '../../src/index.ts'
import { decode, encode, signBase, type WireOffer } from '../support/evm-payment.ts'
import { memoryLog } from '../support/log.ts'

const EXAMPLE = join(ROOT, 'examples/express-app')
const TARGET = '/v2/quantmetrics?symbol=BTC&window=30d'
const dir = mkdtempSync(join(tmpdir(), 'farebox-express-'))
const devnetFile = join(dir, 'devnet.json')
let evm: EvmChain
let upstream: Service
let gateway: Gateway
let shop: string

beforeAll(async () => {
  const log = createWriteStream('/dev/null')
  ;[evm, upstream] = await Promise.all([startEvm(), startUpstream(0, log)])
  const { rpcUrl, accounts } = evm
  writeFileSync(devnetFile, JSON.stringify({ upstream: upstream.url, evm: { rpcUrl, payTo: accounts.payee.address } }))
  gateway = await createGateway({
    pricing: join(EXAMPLE, 'pricing.json'),
    env: devnetEnvironment(pathToFileURL(devnetFile)),
    storeDir: join(dir, 'store'),
    log: memoryLog(),
  })
  shop = await serve(createShop(gateway))
})
const servers: { close(): void }[] = []
afterAll(async () => {
  for (const server of servers) server.close()
  await gateway?.close()
  await Promise.all([evm?.stop(), upstream?.child.stop()])
  rmSync(dir, { recursive: true, force: true })
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Asks, signs the offer with the payer's key alone, and asks again with the payment. */
async function pay(target: string, init: RequestInit = {}) {
  const unpaid = await fetch(`${shop}${target}`, init)
  expect(unpaid.status).toBe(402)
  const { accepts } = decode<{ accepts: [WireOffer] }>(unpaid.headers.get('payment-required') ?? '')
  const { v2 } = await signBase({ privateKey: evm.accounts.payer.privateKey, offer: accepts[0] })
  const header = { 'PAYMENT-SIGNATURE': encode(v2) }
  const send = () => fetch(`${shop}${target}`, { ...init, headers: { ...init.headers, ...header } })
  return { offer: accepts[0], answer: await send(), again: send }
}

const question = (prompt: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ prompt }),
})
const revenue = () => evm.balanceOf(evm.assets.USDC, evm.accounts.payee.address)

describe('an Express app with the gateway in it', () => {
  test('quotes a price for a call that brings no payment', async () => {
    const answer = await fetch(`${shop}${TARGET}`)
    expect(answer.status).toBe(402)
    const { resource, accepts } = decode<{ resource: object; accepts: object[] }>(
      answer.headers.get('payment-required') ?? '',
    )
    expect(resource).toMatchObject({ url: `${shop}${TARGET}` })
    expect(accepts).toMatchObject([{ network: 'eip155:84532', amount: '34000', payTo: evm.accounts.payee.address }])
  })

  test('sells it for a payment, once', async () => {
    const before = await revenue()
    const { answer, again, offer } = await pay(TARGET)
    expect([answer.status, await answer.json()]).toMatchObject([200, { data: [{ symbol: 'BTC', window: '30d' }] }])
    expect(decode(answer.headers.get('payment-response') ?? '')).toMatchObject({ success: true, amount: offer.amount })
    expect((await revenue()) - before).toBe(34_000n)

    const replay = await again()
    expect([replay.status, await replay.json()]).toMatchObject([402, { code: 'payment_already_used' }])
    expect((await revenue()) - before).toBe(34_000n)
  })

  test('sells the answer to a body, which reaches the API as it was sent', async () => {
    const { answer } = await pay('/v2/ai-chat', question('How risky is BTC?'))
    expect([answer.status, await answer.json()]).toMatchObject([200, { message: { role: 'assistant' } }])
  })

  test('keeps its own pages, and its own body parser for them', async () => {
    const page = await fetch(`${shop}/`)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('sold by the call')])
    const feedback = await fetch(`${shop}/feedback`, question('Thank you'))
    expect(await feedback.json()).toEqual({ received: { prompt: 'Thank you' } })
  })

  test.each(['/nowhere', '/v2/quantmetrics/', '/V2/quantmetrics', '/v2//quantmetrics', '/livez'])(
    'answers %s with its own 404',
    async (path) => {
      const answer = await fetch(`${shop}${path}`)
      expect([answer.status, await answer.text()]).toEqual([404, 'We have no such page.'])
    },
  )
})

describe('a gateway mounted', () => {
  test('below a body parser says so, and takes no payment for a body it cannot read', async () => {
    const url = await serve(express().use(express.json()).use(createShop(gateway)))
    const answer = await fetch(`${url}/v2/ai-chat`, question('Hello?'))
    expect([answer.status, await answer.text()]).toEqual([500, 'farebox: mount the gateway before any body parser'])
    expect((await fetch(`${url}${TARGET}`)).status).toBe(402)
  })

  test('below a path takes the routes of its price list by their whole path', async () => {
    const url = await serve(express().use('/v2', gateway.middleware))
    expect((await fetch(`${url}${TARGET}`)).status).toBe(402)
    expect((await fetch(`${url}/v2${TARGET}`)).status).toBe(404)
  })
})

describe('main.ts', () => {
  const start = (file: string) => {
    const main = fileURLToPath(new URL('main.ts', pathToFileURL(`${EXAMPLE}/`)))
    const env = { ...process.env, PORT: '0', STORE_DIR: join(dir, 'process') }
    const child = startChild({ name: 'app', command: process.execPath, args: ['--import', 'tsx', main, file], env })
    onTestFinished(() => child.kill())
    return child
  }

  test('takes its environment from a running devnet, and stops when asked to', async () => {
    const app = start(devnetFile)
    const url = await app.firstLine((line) => (line.startsWith('http') ? line : undefined))
    expect((await fetch(`${url}${TARGET}`)).status).toBe(402)
    process.kill(app.pid, 'SIGTERM')
    expect(await app.gone).toBe('exit code 0')
  })

  test('says in one line that there is none', async () => {
    const app = start(join(dir, 'none.json'))
    expect(await app.gone).toBe('exit code 1: no devnet is running: start one with npm run devnet')
  })
})
