import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface ChildOptions {
  /** What people call it. */
  name: string
  command: string
  args: readonly string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Gets every line of stdout and stderr. */
  onLine?: (line: string) => void
}

/** A program this process started, and ends. */
export interface Child {
  pid: number
  /** Resolves when the program is gone, with how it went in words. */
  gone: Promise<string>
  /** Resolves only when it goes without having been asked to, with one line. */
  crashed: Promise<string>
  /** Waits for a line of stdout that `pick` makes something of, and fails with one line when the program ends first. */
  firstLine<T>(pick: (line: string) => T | undefined): Promise<T>
  /** Asks it to end, insists after `graceMs`, and resolves when it is gone. */
  stop(graceMs?: number): Promise<void>
  /** Ends it as a crash would. */
  kill(): Promise<void>
}

const running = new Set<ChildProcessByStdio<null, Readable, Readable>>()
let watching = false

/**
 * Starts a program that ends with this process.
 *
 * Whatever ends this process in an orderly way kills it. On Linux the kernel does so even after a kill -9, and only
 * there does it get a group of its own: elsewhere a Ctrl-C has to reach it, lest it be left behind.
 */
export function startChild({ name, command, args, cwd, env, onLine }: ChildOptions): Child {
  const tied = process.platform === 'linux' && existsSync(SETPRIV)
  const [file, argv] = tied ? [SETPRIV, ['--pdeathsig', 'KILL', '--', command, ...args]] : [command, args]
  const child = spawn(file, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: tied,
    cwd: cwd ?? process.cwd(),
    env: env ?? process.env,
  })
  track(child)

  const pickers = new Set<(line: string) => void>()
  const errors: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    onLine?.(line)
    for (const pick of pickers) pick(line)
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    onLine?.(line)
    errors.push(line)
    if (errors.length > KEPT_ERRORS) errors.shift()
  })
  let asked = false
  const end = (signal: NodeJS.Signals) => {
    asked = true
    child.kill(signal)
  }
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(`${signal ?? `exit code ${code}`}${lastError(errors)}`))
  })

  return {
    pid: child.pid ?? 0,
    gone,
    crashed: new Promise((resolve) => {
      void gone.then((how) => asked || resolve(`${name} ended: ${how}`))
    }),
    firstLine: (pick) =>
      new Promise((resolve, reject) => {
        const picker = (line: string) => {
          const found = pick(line)
          if (found === undefined) return
          pickers.delete(picker)
          resolve(found)
        }
        pickers.add(picker)
        void gone.then((how) => reject(new Error(`${name} ended before it was listening: ${how}`)))
      }),
    async stop(graceMs = 5_000) {
      end('SIGTERM')
      const insist = setTimeout(() => end('SIGKILL'), graceMs)
      await gone
      clearTimeout(insist)
    },
    async kill() {
      end('SIGKILL')
      await gone
    },
  }
}

/** Of util-linux. It sets the signal that the kernel sends when the parent dies, and then becomes the program. */
const SETPRIV = '/usr/bin/setpriv'
const KEPT_ERRORS = 50

function track(child: ChildProcessByStdio<null, Readable, Readable>): void {
  running.add(child)
  child.once('close', () => running.delete(child))
  if (watching) return
  watching = true
  process.once('exit', () => {
    for (const each of running) each.kill('SIGKILL')
  })
}

/** The line that says most: Node ends a crash with a stack and its own version. */
function lastError(lines: readonly string[]): string {
  const telling = lines.filter((line) => !/^\s*$|^\s+at |^\s*[{}]|^Node\.js v/.test(line))
  const line = telling.findLast((text) => /^\w*Error\b/.test(text)) ?? telling.at(-1)
  return line === undefined ? '' : `: ${line.trim()}`
}
