import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Child, startChild } from '../../devnet/child.ts'
import { ACCOUNTS } from '../../devnet/evm/accounts.ts'
import { ROOT } from '../../devnet/services.ts'
import { decode, encode, signBase, type WireOffer } from '../support/evm-payment.ts'
import { freePort, startRedis } from '../support/redis-server.ts'
import { gatewayOf, type Service, serviceOf } from './support/compose.ts'
import { argsOf, parseDockerfile } from './support/dockerfile.ts'

// What the dev profile runs in containers, run here: its commands, environment and probes, on other ports of loopback.

const ends: (() => Promise<void>)[] = []
const moved: [RegExp, string][] = []
const here = (text: string) => moved.reduce((said, [there, local]) => said.replaceAll(there, local), text)
let gateway: string

afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

beforeAll(async () => {
  const [devnet, upstream] = [serviceOf('devnet'), serviceOf('upstream')]
  const redis = await startRedis(...(serviceOf('redis').command ?? []).slice(1))
  ends.push(() => redis.stop())
  moved.push([/redis:\/\/redis:6379/g, redis.url], [/\b(devnet|upstream)(?=:\d)/g, '127.0.0.1'], [/\$\$/g, '$'])
  for (const port of ['8545', '8899', '4010']) moved.push([RegExp(`\\b${port}\\b`, 'g'), String(await freePort())])

  const [evmPort, solanaPort] = ['8545', '8899'].map(here)
  run('devnet', [...(devnet.command ?? []), '--evm-port', `${evmPort}`, '--solana-port', `${solanaPort}`], devnet)
  run('upstream', commandOf('upstream'), upstream, { PORT: here('4010') })
  await Promise.all([healthy(devnet), healthy(upstream)])
  // The sources stand in for what is built of them; build.test.ts runs that.
  const started = run('gateway', ['node', '--import', 'tsx', 'src/main.ts'], gatewayOf('dev'), { PORT: '0' })
  gateway = await started.firstLine((line) => /"url":"([^"]+)".*"msg":"listening"/.exec(line)?.[1])
})

/** What a stage of the Dockerfile runs when nothing else is asked of it. */
function commandOf(target: string): string[] {
  const stage = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).find(({ name }) => name === target)
  return JSON.parse((stage && argsOf(stage, 'CMD')[0]) ?? '[]')
}

function run(
  name: string,
  command: readonly string[],
  { environment = {} }: Service,
  more: NodeJS.ProcessEnv = {},
): Child {
  const [file, ...args] = command
  expect(file).toBe('node')
  const given = Object.entries(environment).map(([key, value]) => [key, here(value ?? '')])
  const { PATH } = process.env
  const env = { PATH, ...Object.fromEntries(given), ...more }
  const child = startChild({ name, command: process.execPath, args: args.map(here), cwd: ROOT, env })
  ends.push(() => child.stop())
  return child
}

/** Resolves when the probe that Compose would run ends with 0. */
async function healthy({ healthcheck }: Service): Promise<void> {
  const [kind, command, ...args] = healthcheck?.test ?? []
  expect([kind, command]).toEqual(['CMD', 'node'])
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const probe = startChild({ name: 'probe', command: process.execPath, args: args.map(here) })
    if ((await probe.gone) === 'exit code 0') return
  }
  throw new Error(`never healthy: ${args.map(here).join(' ')}`)
}

test('the dev profile sells a call', async () => {
  const ready = await fetch(`${gateway}/readyz`)
  expect(await ready.json()).toEqual({ status: 'ready', store: 'redis' })

  const target = `${gateway}/v2/quantmetrics?symbol=BTC&window=30d`
  const unpaid = await fetch(target)
  expect(unpaid.status).toBe(402)
  const { accepts } = decode<{ accepts: WireOffer[] }>(unpaid.headers.get('payment-required') ?? '')
  expect(accepts.map(({ network }) => network.split(':')[0])).toEqual(['eip155', 'solana'])
  const [offer] = accepts as [WireOffer]
  const { v2 } = await signBase({ privateKey: ACCOUNTS.payer.privateKey, offer })
  const paid = await fetch(target, { headers: { 'payment-signature': encode(v2) } })
  expect([paid.status, await paid.json()]).toMatchObject([200, { data: [{ symbol: 'BTC' }] }])
  expect(decode(paid.headers.get('payment-response') ?? '')).toMatchObject({ success: true, amount: offer.amount })
})

test('its chains answer Solana’s callers too', async () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getLatestBlockhash' })
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  const answer = await fetch(here('http://devnet:8899'), init)
  expect(await answer.json()).toMatchObject({ result: { value: { blockhash: expect.any(String) } } })
})
