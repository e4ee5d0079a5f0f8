import { type ChildProcess, spawn } from 'node:child_process'
import { ROOT } from '../../devnet/services.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The demo, run as npm does, but for npm. */
export interface Demo {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

export function runDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): Demo {
  const child = spawn(process.execPath, ['--import', 'tsx', 'devnet/demo/main.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const pieces: Buffer[] = []
    stream.on('data', (piece) => pieces.push(piece))
    return () => Buffer.concat(pieces).toString()
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout: stdout?.() ?? '', stderr: stderr?.() ?? '' }))
  })
  return { child, ended }
}
