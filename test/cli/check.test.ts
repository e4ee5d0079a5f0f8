import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type EvmChain, startEvm } from '../../devnet/evm/index.ts'
import { type SolanaChain, startSolana } from '../../devnet/solana/index.ts'
import { type CountingUpstream, startUpstream } from '../support/upstream.ts'

let directory: string
let evm: EvmChain
let other: EvmChain
let solana: SolanaChain
let upstream: CountingUpstream
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-check-'))
  ;[evm, other, solana, upstream] = await Promise.all([
    startEvm(),
    startEvm({ chainId: 8453 }),
    startSolana(),
    startUpstream(),
  ])
})
afterAll(async () => {
  await Promise.all([evm.stop(), other.stop(), solana.stop(), upstream.stop()])
  rmSync(directory, { recursive: true, force: true })
})

// The chains live in this process, so the command must not block it.
const check = (args: string[], env: Record<string, string> = {}) => run(['src/cli/index.ts', 'check', ...args], env)

async function run(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...environment(), ...env },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}
const environment = () => ({
  BASE_PAY_TO: evm.accounts.payee.address,
  BASE_RPC_URL: evm.rpcUrl,
  BASE_RELAYER_KEY: evm.accounts.relayer.privateKey,
  SOLANA_PAY_TO: solana.accounts.payee.address,
  SOLANA_RPC_URL: solana.rpcUrl,
  SOLANA_FEE_PAYER_KEY: solana.accounts.feePayer.secretKey,
  ANALYTICS_URL: upstream.url,
  STORE_DIR: join(directory, 'store'),
})
const wrong = (stdout: string) =>
  (JSON.parse(stdout).findings as { ok: boolean; part: string; what: string; fix?: string }[]).filter(({ ok }) => !ok)

describe('farebox check', () => {
  test('finds nothing wrong with what is right', async () => {
    const { code, stdout } = await check([])
    expect({ code, ok: JSON.parse(stdout).ok }).toEqual({ code: 0, ok: true })
  })
  test.each([
    ['a missing variable', { BASE_RPC_URL: undefined }, '/networks/base/rpc: the environment has no BASE_RPC_URL'],
    ['a bad port', { PORT: '70000' }, 'PORT is "70000"'],
    ['a missing file', { PRICING_FILE: '/nowhere.json' }, 'PRICING_FILE /nowhere.json cannot be read: ENOENT'],
    ['a bad key', { BASE_RELAYER_KEY: '0x12' }, '/networks/base/relayer: a private key'],
  ])('names %s, with exit code 1 and without the secret', async (_, env, what) => {
    const result = await check([], env as Record<string, string>)
    expect(result.code).toBe(1)
    expect(
      wrong(result.stdout)
        .map((finding) => finding.what)
        .join(),
    ).toContain(what)
    expect(result.stdout).not.toContain('0x12')
  })
  test('names every fault of a bad price list by its place', async () => {
    const file = join(directory, 'bad.json')
    writeFileSync(
      file,
      JSON.stringify({
        networks: { base: { id: 'eip155:84532', payTo: '0x12', rpc: 'ftp://x', relayer: '0xabc' } },
        assets: {},
        upstreams: {},
        routes: { 'GET /livez': { upstream: 'x', price: '$1,000' } },
      }),
    )
    const { code, stdout } = await check([], { PRICING_FILE: file })
    expect(code).toBe(1)
    const faults = wrong(stdout).map(({ what }) => what)
    for (const pointer of [
      '/networks/base/payTo',
      '/networks/base/rpc',
      '/networks/base/relayer: a secret does not belong in this file',
      '/routes/GET ~1livez/price',
    ]) {
      expect(faults.some((fault) => fault.startsWith(pointer))).toBe(true)
    }
  })
  test('a word it does not know is a misuse', async () => {
    expect(await check(['--offline'])).toMatchObject({ code: 2, stderr: expect.stringContaining("'--offline'") })
  })
})

describe('farebox check --online', () => {
  test('asks every part and finds all well', async () => {
    const { code, stdout } = await check(['--online'])
    expect(wrong(stdout)).toEqual([])
    expect(code).toBe(0)
    const parts = new Set((JSON.parse(stdout).findings as { part: string }[]).map(({ part }) => part))
    expect(parts).toEqual(
      new Set(['environment', 'pricing.json', 'store', evm.network, solana.network, 'upstream analytics']),
    )
  })
  test('works with Redis', async () =>
    expect((await check(['--online'], { REDIS_URL: inject('redisUrl') })).code).toBe(0))
  test.each([
    ['a node that is down', { BASE_RPC_URL: 'http://127.0.0.1:9' }, 'eip155:84532'],
    ['an upstream that is down', { ANALYTICS_URL: 'http://127.0.0.1:9' }, 'upstream analytics'],
    ['a store that is down', { REDIS_URL: 'redis://127.0.0.1:9' }, 'store'],
    [
      'a payee without a token account',
      { SOLANA_PAY_TO: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU' },
      'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    ],
    ['a relayer without gas', { BASE_RELAYER_KEY: `0x${'77'.repeat(32)}` }, 'eip155:84532'],
    ['a facilitator that is down', { BASE_FACILITATOR: 'http://127.0.0.1:9' }, 'eip155:84532'],
  ])('%s is named with what to do, exit code 1', async (_, env, part) => {
    const { code, stdout } = await check(['--online'], env as Record<string, string>)
    expect(code).toBe(1)
    const findings = wrong(stdout)
    expect(findings.map((finding) => finding.part)).toContain(part)
    for (const { fix } of findings) expect(fix).toEqual(expect.any(String))
  })
})

test('a node of another chain is named with what to do', async () => {
  const { code, stdout } = await check(['--online'], { BASE_RPC_URL: other.rpcUrl })
  expect(code).toBe(1)
  expect(wrong(stdout)).toContainEqual({
    fatal: true,
    part: 'eip155:84532',
    ok: false,
    what: 'chain id 8453',
    fix: 'point rpc at a node of chain 84532',
  })
})

describe('a gateway that starts', () => {
  test('refuses a chain that contradicts its price list, in one line with the fix', async () => {
    const { code, stderr } = await run(['src/main.ts'], { BASE_RPC_URL: other.rpcUrl, PORT: '0' })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'farebox: eip155:84532: chain id 8453: point rpc at a node of chain 84532\n',
    })
  })
})

test('farebox without a command prints what there is', () => {
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/index.ts'], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('check') })
  expect(
    spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/index.ts', 'nonsense'], { encoding: 'utf8' }).status,
  ).toBe(2)
})
