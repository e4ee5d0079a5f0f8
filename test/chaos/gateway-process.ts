import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from '../../devnet/child.ts'

/** The gateway as an operator runs it, killed and started again at will. */
export interface GatewayProcess {
  /** Where it listens; undefined while it does not. */
  readonly url: () => string | undefined
  /** Starts it, and resolves when it listens. */
  start(clockSkewMs: number): Promise<void>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** What it said last, for the report of a violation. */
  readonly lastLines: () => readonly string[]
}

const CLOCK = fileURLToPath(new URL('./clock.mjs', import.meta.url))
const KEPT_LINES = 40

/** @param main the built main.js */
export function gatewayProcess(main: string, env: Readonly<Record<string, string>>): GatewayProcess {
  let child: Child | undefined
  let url: string | undefined
  const lines: string[] = []
  return {
    url: () => url,
    lastLines: () => lines,
    async start(clockSkewMs) {
      const skewed = clockSkewMs === 0 ? [] : ['--import', CLOCK]
      const started = startChild({
        name: 'gateway',
        command: process.execPath,
        args: [...skewed, main],
        env: { PATH: process.env['PATH'], PORT: '0', CLOCK_SKEW_MS: String(clockSkewMs), ...env },
        onLine(line) {
          lines.push(line)
          if (lines.length > KEPT_LINES) lines.shift()
        },
      })
      child = started
      url = await started.firstLine(listeningUrl)
    },
    async kill() {
      url = undefined
      await child?.kill()
      child = undefined
    },
  }
}

function listeningUrl(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  const { msg, url } = JSON.parse(line) as { msg?: string; url?: string }
  return msg === 'listening' ? url : undefined
}

const COMMAND_MS = 60_000

/** Runs a command of the gateway's, and gives what it said. */
export function runToEnd(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: COMMAND_MS, maxBuffer: 2 ** 26 }
    execFile(process.execPath, [command, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, output: `${stdout}${stderr}` })
    })
  })
}
