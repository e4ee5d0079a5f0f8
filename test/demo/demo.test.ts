import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Report } from '../../devnet/demo/report.ts'
import { childrenOf, isAlive } from '../devnet/support.ts'
import { type Demo, runDemo } from './run.ts'

// Each run may take its 30 seconds on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 })

const BASE = 'eip155:84532'
const SOLANA = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'

// What the demo leaves behind can be seen in a temporary directory of its own.
const temporary = mkdtempSync(join(tmpdir(), 'farebox-demo-test-'))
const demo = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => runDemo(args, { TMPDIR: temporary, ...env })
const leftBehind = () => readdirSync(temporary).filter((name) => name.startsWith('farebox-demo-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

describe('npm run demo -- --json', () => {
  test('prints one object, in which every client paid exactly the price and no payment worked twice', async () => {
    const { code, stdout, stderr } = await demo(['--json']).ended
    expect(stderr).toBe('')
    const { ok, payments, replays, ...rest }: Report = JSON.parse(stdout)
    expect(stdout).toBe(`${JSON.stringify({ ok, payments, replays })}\n`)
    expect({ code, ok, rest }).toEqual({ code: 0, ok: true, rest: {} })

    const bought = payments.map(({ client, protocol, network }) => `${client} ${protocol} ${network}`)
    for (const client of ['x402-axios v1', 'x402-fetch v1', '@x402/axios v2', '@x402/fetch v2', 'viem v1', 'viem v2'])
      expect(bought).toContain(`${client} ${BASE}`)
    for (const client of ['@x402/fetch v2', 'x402-fetch v1', '@solana/web3.js v2'])
      expect(bought).toContain(`${client} ${SOLANA}`)

    for (const { network, amount, ...payment } of payments) {
      expect(amount).toMatch(/^[1-9]\d*$/)
      expect(payment).toEqual({
        client: expect.any(String),
        protocol: expect.stringMatching(/^v[12]$/),
        asset:
          network === BASE
            ? '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
            : '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU',
        transaction: expect.stringMatching(network === BASE ? /^0x[0-9a-f]{64}$/ : /^[1-9A-HJ-NP-Za-km-z]{80,88}$/),
        status: 200,
        payerDelta: `-${amount}`,
        payeeDelta: amount,
      })
    }
    expect(new Set(payments.map(({ transaction }) => transaction)).size).toBe(payments.length)
    expect(new Set(replays.map(({ network }) => network))).toEqual(new Set([BASE, SOLANA]))
    for (const replay of replays) expect(replay).toMatchObject({ status: 402, code: 'payment_already_used' })
    expect(leftBehind()).toEqual([])
  })

  test('says so, with exit code 1, a line of why and where the logs are, when a payment does not go through', async () => {
    const nobody = 'http://127.0.0.1:9'
    const { code, stdout, stderr } = await demo(['--json'], { BASE_FACILITATOR: nobody }).ended
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, payments: expect.any(Array), replays: expect.any(Array) })
    expect(stderr).toMatch(/^.*eip155:84532.*\nThe logs are in .*\n$/)
  })
})

describe('npm run demo', () => {
  test('tells both stories in plain text of 80 columns when piped, and ends with a summary', async () => {
    const { code, stdout, stderr } = await demo([], { NO_COLOR: undefined, TERM: 'xterm-256color' }).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
    const lines = stdout.split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    for (const told of ['Base: an agent', 'Solana: an agent', '402 Payment Required', '200 OK', 'payment_already_used'])
      expect(stdout).toContain(told)
    expect(stdout).toContain('✓ 9 calls bought for 0.374 USDC')
    expect(stdout).toContain('✓ 9 payments sent twice')
  })

  test('--help says what it does and starts nothing', async () => {
    const { code, stdout } = await demo(['--help']).ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: npm run demo/)
  })

  test('an option it does not know is one line and exit code 2', async () => {
    const { code, stdout, stderr } = await demo(['--jsno']).ended
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: "Unknown option '--jsno': see --help\n" })
  })
})

describe('Ctrl-C', () => {
  const whenStarting = async ({ child }: Demo) => {
    while (childrenOf(child.pid ?? 0).length === 0) await sleep(10)
  }
  const whenBuying = ({ child }: Demo) =>
    new Promise<void>((resolve) => child.stdout?.on('data', (text) => `${text}`.includes('agent asks') && resolve()))

  test.each([
    ['while it starts', whenStarting],
    ['while agents buy', whenBuying],
  ])('%s stops everything, and leaves nothing behind', async (_, moment) => {
    const before = leftBehind()
    const running = demo([])
    await moment(running)
    const programs = childrenOf(running.child.pid ?? 0)
    expect(programs.length).toBeGreaterThan(0)
    // One press may come twice, through npm; that is no second press.
    running.child.kill('SIGINT')
    running.child.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    expect(programs.filter(isAlive)).toEqual([])
    expect(leftBehind()).toEqual(before)
  })
})
