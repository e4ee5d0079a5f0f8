import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string
  }
}

/** A redis-server of our own, on a port of its own. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** As a crash does it; what it wrote is left. */
  kill(): Promise<void>
  /** Kills it, and starts it on what it wrote. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Gives every test a real Redis: REDIS_URL, else redis-server on PATH, else one that apt installs. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['REDIS_URL']
  const server = given ? undefined : await startRedis()
  project.provide('redisUrl', given ?? server?.url ?? '')
  return async () => server?.stop()
}

/** Starts redis-server with an append-only file and the given settings on top. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'farebox-redis-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'yes']
  return run([...args, '--appendfsync', 'no', '--repl-diskless-sync-delay', '0', ...settings], port, dir)
}

/** Starts a Sentinel with its configuration, which it rewrites as it learns. */
export async function startSentinel(...configuration: string[]): Promise<RedisServer> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'farebox-sentinel-'))
  const file = join(dir, 'sentinel.conf')
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...configuration, ''].join('\n'))
  return run([file, '--sentinel'], port, dir)
}

async function run(args: readonly string[], port: number, dir: string): Promise<RedisServer> {
  installRedis()
  let child = await spawnServer(args)
  const kill = async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (child.kill('SIGKILL')) await gone
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid as number
    },
    kill,
    async restart() {
      await kill()
      child = await spawnServer(args)
    },
    async stop() {
      await kill()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function spawnServer(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await ready(child)
  return child
}

function installRedis(): void {
  if (onPath('redis-server')) return
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
    execFileSync('apt-get', ['install', '-y', '-qq', 'redis-server'], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  if (!onPath('redis-server'))
    throw new Error('The tests need a Redis: set REDIS_URL, or install redis-server (apt-get install redis-server).')
}

export function onPath(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What a server says, and a Sentinel. */
const READY = /Ready to accept connections|\+monitor master/

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}`)))
    child.stdout?.on('data', (text: Buffer) => READY.test(String(text)) && resolve())
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
