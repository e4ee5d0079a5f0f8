import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compileOwn, serialize } from './build.ts'
import { artifactFile } from './index.ts'

const ROOT = fileURLToPath(new URL('./', import.meta.url))

/**
 * Runs npm's forge on this folder, offline, with the compiler that npm brings.
 *
 * @param args forge's own, such as `['test', '--match-test', 'window']`.
 * @returns its exit code and, unless `inherit` hands them to the terminal, what it printed.
 */
export function forge(args: string[], stdio: 'inherit' | 'pipe' = 'pipe'): Promise<ForgeResult> {
  const [command = 'test', ...rest] = args
  const offline = ['--root', ROOT, '--offline', '--use', join(ROOT, 'solc-cli.cjs')]
  const child = spawn(forgeBinary(), [command, ...offline, ...rest], { cwd: ROOT, stdio: ['ignore', stdio, stdio] })

  const result: ForgeResult = { code: 1, stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    result.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    result.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...result, code: code ?? 1 }))
  })
}

export interface ForgeResult {
  code: number
  stdout: string
  stderr: string
}

/** The contracts whose checked-in artifacts are not what their sources compile to: forge would test yesterday's code. */
export function staleArtifacts(): string[] {
  return compileOwn()
    .filter((built) => readFileSync(artifactFile(built.contractName), 'utf8') !== serialize(built))
    .map((built) => built.contractName)
}

/** npm installs the binary of this platform and skips the others; the launcher beside it costs a process and hides signals. */
function forgeBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const require = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/forge/package.json'))
  const manifest = require.resolve(`@foundry-rs/forge-${process.platform}-${arch}/package.json`)
  return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'forge.exe' : 'forge')
}

async function main() {
  const stale = staleArtifacts()
  if (stale.length > 0) {
    process.stderr.write(`stale artifacts: ${stale.join(', ')}; run: npm run build:contracts\n`)
    process.exit(1)
  }
  process.exit((await forge(process.argv.slice(2), 'inherit')).code)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
