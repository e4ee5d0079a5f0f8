import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Child, startChild } from '../../../devnet/child.ts'
import { ACCOUNTS } from '../../../devnet/evm/accounts.ts'
import { ROOT } from '../../../devnet/services.ts'
import { keypairOf } from '../../../devnet/solana/keypair.ts'

/** A clean build, in a directory of its own. */
export interface Build {
  readonly dir: string
  remove(): void
}

/** Builds as the Dockerfile does: from these files and nothing else. */
export async function build(): Promise<Build> {
  const dir = mkdtempSync(join(tmpdir(), 'farebox-build-'))
  for (const path of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'pricing.json', 'src'])
    cpSync(join(ROOT, path), join(dir, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  await promisify(execFile)('npm', ['run', 'build'], { cwd: dir })
  // What runs must need none of it.
  rmSync(join(dir, 'src'), { recursive: true })
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** The least that pricing.json needs. Nobody listens at these nodes: a gateway starts, and quotes, without a chain. */
export const MINIMAL = {
  BASE_PAY_TO: ACCOUNTS.payee.address,
  BASE_RPC_URL: 'http://127.0.0.1:9',
  SOLANA_PAY_TO: keypairOf('payee').address,
  SOLANA_RPC_URL: 'http://127.0.0.1:9',
}

export const EMBEDDED = {
  ...MINIMAL,
  BASE_RELAYER_KEY: ACCOUNTS.relayer.privateKey,
  SOLANA_FEE_PAYER_KEY: keypairOf('fee payer').secretKey,
}

export interface Gateway {
  readonly child: Child
  /** What it wrote to stderr, where no log line belongs. */
  readonly complaints: readonly string[]
  /** Its address, when it listens. */
  readonly url: Promise<string>
}

/** Starts `node dist/main.js` with this environment and no more. */
export function start({ dir }: Build, env: Readonly<Record<string, string>>): Gateway {
  const complaints: string[] = []
  const storeDir = join(dir, 'store')
  mkdirSync(storeDir, { recursive: true })
  const child = startChild({
    name: 'gateway',
    command: process.execPath,
    args: ['dist/main.js'],
    cwd: dir,
    env: { PORT: '0', STORE_DIR: storeDir, ...env },
    onLine: (line) => void (line.startsWith('{') || complaints.push(line)),
  })
  const url = child.firstLine((line) => /"url":"([^"]+)".*"msg":"listening"/.exec(line)?.[1])
  // A test that waits for the end alone asks for no address.
  url.catch(() => undefined)
  return { child, complaints, url }
}
