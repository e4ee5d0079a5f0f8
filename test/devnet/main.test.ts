import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { type Child, startChild } from '../../devnet/child.ts'
import { ROOT } from '../../devnet/services.ts'
import { childrenOf, isAlive } from './support.ts'

const dir = mkdtempSync(join(tmpdir(), 'farebox-devnet-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Runs the command as npm does, but for npm. */
function devnet(...args: string[]): { child: Child; lines: string[] } {
  const lines: string[] = []
  const { REDIS_URL: _, ...env } = process.env
  const child = startChild({
    name: 'devnet',
    command: process.execPath,
    args: ['--import', 'tsx', 'devnet/main.ts', '--dir', dir, ...args],
    cwd: ROOT,
    env,
    onLine: (line) => lines.push(line),
  })
  return { child, lines }
}

const started = (child: Child) => child.firstLine((line) => (line.startsWith('{') ? JSON.parse(line) : undefined))
const file = join(dir, 'devnet.json')

describe('npm run devnet', { timeout: 60_000 }, () => {
  test('stays up until Ctrl-C, says where everything is, and leaves nothing behind', async () => {
    const { child } = devnet('--port', '0', '--json')
    const description = await started(child)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(description)
    expect(description).toMatchObject({
      gateway: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      admin: null,
      upstream: expect.stringMatching(/^http:/),
      store: expect.stringMatching(/^lmdb:/),
      evm: { chainId: 84532, network: 'eip155:84532', payer: { privateKey: expect.stringMatching(/^0x/) } },
      solana: { network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', payer: { secretKey: expect.any(String) } },
    })
    expect((await fetch(`${description.gateway}/readyz`)).status).toBe(200)
    expect((await fetch(`${description.gateway}/v2/quantmetrics?symbol=BTC`)).status).toBe(402)
    expect((await fetch(`${description.upstream}/v2/status`)).status).toBe(200)
    expect(readFileSync(join(dir, 'gateway.log'), 'utf8')).toContain('listening')

    const pids = childrenOf(child.pid)
    expect(pids).toHaveLength(3)
    process.kill(child.pid, 'SIGINT')
    // One press may come twice, through npm; that is no second press.
    process.kill(child.pid, 'SIGINT')
    expect(await child.gone).toBe('exit code 0')
    expect(pids.filter(isAlive)).toEqual([])
    expect(existsSync(file)).toBe(false)
    expect(readdirSync(dir).filter((name) => name.startsWith('store-'))).toEqual([])
  })

  test.runIf(process.platform === 'linux')('takes its programs with it, even on a kill -9', async () => {
    const { child } = devnet('--port', '0', '--json')
    await started(child)
    const pids = childrenOf(child.pid)
    await child.kill()
    for (let n = 0; n < 100 && pids.some(isAlive); n++) await sleep(20)
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('is forced to stop by a second Ctrl-C', async () => {
    const { child } = devnet('--port', '0', '--json')
    await started(child)
    const pids = childrenOf(child.pid)
    // Nothing that is frozen ends when asked to.
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    process.kill(child.pid, 'SIGINT')
    await sleep(700)
    process.kill(child.pid, 'SIGINT')
    expect(await child.gone).toBe('exit code 130')
    for (let n = 0; n < 100 && pids.some(isAlive); n++) await sleep(20)
    expect(pids.filter(isAlive)).toEqual([])
    expect(existsSync(file)).toBe(false)
  })

  test('can be stopped while it starts', async () => {
    const { child } = devnet('--port', '0', '--json')
    for (let n = 0; n < 500 && childrenOf(child.pid).length === 0; n++) await sleep(10)
    const pids = childrenOf(child.pid)
    process.kill(child.pid, 'SIGTERM')
    expect(await child.gone).toBe('exit code 0')
    for (let n = 0; n < 100 && pids.some(isAlive); n++) await sleep(20)
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('stops in one line when a part of it dies', async () => {
    const { child, lines } = devnet('--port', '0', '--json')
    await started(child)
    const [first = 0] = childrenOf(child.pid)
    process.kill(first, 'SIGKILL')
    expect(await child.gone).toMatch(/^exit code 1: (anvil|upstream|gateway) ended: SIGKILL$/)
    expect(lines).toHaveLength(2)
    expect(existsSync(file)).toBe(false)
  })
})

describe('a command line that cannot be followed', () => {
  test.each([
    [['--prot', '0'], "Unknown option '--prot': see --help"],
    [['--port', 'x'], '--port is "x": it must be a whole number from 0 to 65535'],
    [['--block-time', '0'], '--block-time is "0": it must be a whole number from 1 to 3600'],
    [['0'], "Unexpected argument '0': see --help"],
  ])('%s is one line and exit code 2', async (args, line) => {
    const { child, lines } = devnet(...args)
    expect(await child.gone).toBe(`exit code 2: ${line}`)
    expect(lines).toEqual([line])
  })

  test('names the port that is taken, its holder and the way out, and starts nothing', async () => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => squatter.once('listening', resolve))
    const { port } = squatter.address() as AddressInfo
    const { child, lines } = devnet('--port', String(port))
    expect(await child.gone).toContain('exit code 1')
    expect(lines).toEqual([`port ${port} (gateway) is taken: stop what uses it or run with --port 0`])
    squatter.close()
  })

  test('names a port that two are to have', async () => {
    const { child } = devnet('--port', '8545')
    expect(await child.gone).toBe('exit code 1: port 8545 is asked for twice: for gateway and for anvil')
  })

  test('--help says what there is', async () => {
    const { child, lines } = devnet('--help')
    expect(await child.gone).toBe('exit code 0')
    for (const flag of ['--port', '--block-time', '--solana-delay', '--json', '--dir']) {
      expect(lines.join('\n')).toContain(flag)
    }
  })
})
