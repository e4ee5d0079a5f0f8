import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findGuards, type Guard, remove } from './guards.ts'

/** What became of the suite when one guard was taken away. */
interface Result {
  readonly guard: Guard
  /** The tests that went red; none means that nothing notices. */
  readonly red: readonly string[]
}

/** Files whose guards are taken away, and the tests that must notice. */
const SUBJECTS = [
  'src/steps/match.ts',
  'src/steps/decode.ts',
  'src/steps/identify.ts',
  'src/steps/accept.ts',
  'src/steps/check.ts',
  'src/steps/check-input.ts',
  'src/adapters/solana/guards.ts',
  'src/adapters/evm/eip712.ts',
]
const SUITE = ['test/steps', 'test/adapters']
const NEEDED = ['src', 'test', 'devnet', 'contracts', 'package.json', 'tsconfig.json', 'pricing.json']

/** Takes every guard away in turn, in a copy of the tree, and runs the suite against what is left. */
function main(): number {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
  const copy = mkdtempSync(join(tmpdir(), 'farebox-mutate-'))
  try {
    for (const path of NEEDED)
      cpSync(path, join(copy, path), { recursive: true, filter: (from) => !from.includes('node_modules') })
    symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'))
    writeFileSync(
      join(copy, 'vitest.config.ts'),
      `export default { test: { include: ${JSON.stringify(SUITE.map((dir) => `${dir}/**/*.test.ts`))} } }\n`,
    )
    const untouched = run(copy)
    if (untouched.length > 0) throw new Error(`the suite is red as it is: ${untouched.join('; ')}`)
    const results = SUBJECTS.flatMap(findGuards).map((guard) => tryWithout(copy, guard, values.json))
    const survived = results.filter(({ red }) => red.length === 0)
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ ok: survived.length === 0, guards: results.length, survived: survived.length, results })}\n`,
      )
    else process.stdout.write(`\n${results.length} guards, ${survived.length} of them missed by nobody\n`)
    return survived.length === 0 ? 0 : 1
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function tryWithout(copy: string, guard: Guard, quiet: boolean): Result {
  const path = join(copy, guard.file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(path, remove(source, guard))
  const red = run(copy)
  writeFileSync(path, source)
  if (!quiet) {
    const place = `${guard.file}:${guard.line}`.padEnd(36)
    const noticed = red.length === 0 ? 'MISSED BY NOBODY' : `${red[0]}${red.length > 1 ? ` (+${red.length - 1})` : ''}`
    process.stdout.write(`${place} ${guard.name.padEnd(48).slice(0, 48)} ${noticed}\n`)
  }
  return { guard, red }
}

interface Report {
  readonly testResults: {
    readonly name: string
    readonly message: string
    readonly assertionResults: { readonly status: string; readonly fullName: string }[]
  }[]
}

/** Runs the suite in the copy; gives the names of the tests that failed. */
function run(copy: string): string[] {
  const out = join(copy, 'report.json')
  rmSync(out, { force: true })
  spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', `--outputFile=${out}`], {
    cwd: copy,
    stdio: 'ignore',
    timeout: 120_000,
  })
  const { testResults } = JSON.parse(readFileSync(out, 'utf8')) as Report
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
    return failed.length === 0 && message ? [`${name}: ${message}`] : failed
  })
}

process.exitCode = main()
