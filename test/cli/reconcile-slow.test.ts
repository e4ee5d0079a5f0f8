import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateKey } from 'viem/accounts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { reconcile } from '../../src/cli/reconcile.ts'
import { milliseconds } from '../../src/domain/ids.ts'
import { PAYEE, USDC } from '../support/fixtures.ts'
import { ATTEMPT, LEASE, newClaim, tokenOf } from '../support/redis-payments.ts'
import { type Faults, faultyRpc, type RpcAnswer } from '../support/rpc-proxy.ts'

/** One more than are looked at together, so that the last one comes later. */
const PAYMENTS = 9
/** Longer than what stays open waits until it is due again. */
const QUESTION_MS = 2_500
const ENOUGH = 60
const BLOCK = { number: '0x64', hash: `0x${'0'.repeat(64)}`, timestamp: '0x1' }
const REFUSED = { error: { code: -32_000, message: 'not now' } }

let directory: string
let node: Faults
beforeEach(async () => {
  // A store on our clock, and a node that has it pass.
  vi.useFakeTimers({ toFake: ['Date'] })
  directory = mkdtempSync(join(tmpdir(), 'farebox-slow-'))
  node = await faultyRpc('http://127.0.0.1:9')
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  vi.unstubAllEnvs()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

const pricing = () => ({
  networks: { base: { id: 'eip155:84532', payTo: PAYEE, rpc: node.url, relayer: '${RELAYER}' } },
  assets: { USDC: { usd: '1', on: { base: { address: USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } } } } },
  upstreams: { api: { url: 'http://127.0.0.1:9' } },
  routes: { 'GET /v2/status': { upstream: 'api', price: '$0.034' } },
})

/** Leaves payments of which the chain knows nothing yet. */
async function leaveOpen(storeDir: string): Promise<void> {
  const store = openLmdb(storeDir)
  for (let payment = 0; payment < PAYMENTS; payment++) {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })
    await store.move(claim.key, token, { to: 'unknown', lookIn: milliseconds(0) })
  }
  await store.close()
}

test('farebox reconcile comes to an end on a node so slow that what stays open is due again before it does', async () => {
  const [storeDir, file] = [join(directory, 'store'), join(directory, 'pricing.json')]
  await leaveOpen(storeDir)
  writeFileSync(file, JSON.stringify(pricing()))
  const env = { STORE_DIR: storeDir, REDIS_URL: '', PRICING_FILE: file, RELAYER: generatePrivateKey() }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  let asked = 0
  const answers: Record<string, () => RpcAnswer> = {
    eth_getBlockByNumber() {
      if (++asked < ENOUGH) vi.setSystemTime(Date.now() + QUESTION_MS)
      return { result: BLOCK }
    },
    eth_call: () => ({ result: '0x0' }),
  }
  node.answer((method) => answers[method]?.() ?? REFUSED)

  let output = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text
    return true
  })
  const code = await reconcile.run(['--json'])
  write.mockRestore()
  const report = JSON.parse(output)
  expect({ code, ...report }).toMatchObject({ code: 0, ok: true, looked: PAYMENTS, open: PAYMENTS })
  expect(report.payments).toHaveLength(PAYMENTS)
})
