import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startChild } from '../../devnet/child.ts'
import { startEvm } from '../../devnet/evm/index.ts'
import { claimPort } from '../../devnet/ports.ts'
import { startSolana } from '../../devnet/solana/index.ts'
import { isAlive } from './support.ts'

const node = (script: string) => startChild({ name: 'it', command: process.execPath, args: ['-e', script] })

test('a child that ends before it listens is reported in one line with the error it gave', async () => {
  const child = node('console.error("first"); throw new TypeError("no such setting: X")')
  await expect(child.firstLine(() => undefined)).rejects.toThrow(
    'it ended before it was listening: exit code 1: TypeError: no such setting: X',
  )
})

test('a child that does not end when asked is made to', async () => {
  const child = node('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)')
  await child.firstLine((line) => (line === 'up' ? true : undefined))
  await child.stop(100)
  expect(isAlive(child.pid)).toBe(false)
})

test.runIf(process.platform === 'linux')('a child ends with its parent, even after a kill -9', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'farebox-child-'))
  const pidFile = join(dir, 'pid')
  const module = new URL('../../devnet/child.ts', import.meta.url).href
  const script = `
    const { startChild } = await import(${JSON.stringify(module)})
    const child = startChild({ name: 'sleeper', command: 'sleep', args: ['60'] })
    const fs = require('node:fs')
    fs.writeFileSync(${JSON.stringify(pidFile)}, String(child.pid))
    while (!fs.readFileSync('/proc/' + child.pid + '/cmdline', 'utf8').startsWith('sleep')) {}
    console.log('up')`
  const parent = startChild({
    name: 'parent',
    command: process.execPath,
    args: ['--import', 'tsx', '-e', `(async () => {${script}})()`],
  })
  await parent.firstLine((line) => (line === 'up' ? true : undefined))
  const grandchild = Number(readFileSync(pidFile, 'utf8'))
  expect(isAlive(grandchild)).toBe(true)
  parent.kill()
  await parent.gone
  for (let n = 0; n < 50 && isAlive(grandchild); n++) await sleep(20)
  expect(isAlive(grandchild)).toBe(false)
  rmSync(dir, { recursive: true })
})

test('a taken port is named with its holder and the way out, before anything is started', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => squatter.once('listening', resolve))
  const { port } = squatter.address() as AddressInfo
  const message = (holder: string) => `port ${port} (${holder}) is taken: stop what uses it or run with --port 0`
  await expect(claimPort(port, 'gateway')).rejects.toThrow(message('gateway'))
  await expect(startEvm({ port })).rejects.toThrow(message('anvil'))
  await expect(startSolana({ port })).rejects.toThrow(message('solana'))
  squatter.close()
})
