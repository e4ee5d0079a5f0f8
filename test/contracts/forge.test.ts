import { beforeAll, describe, expect, test } from 'vitest'
import { forge, staleArtifacts } from '../../contracts/forge.ts'

/** Fewer would mean that forge overlooked files: it is content with an empty folder. */
const LEAST_TESTS = 76
const LEAST_RUNS = 256
const TIMEOUT = 300_000

interface Suite {
  test_results: Record<string, { status: string; reason: string | null; kind: Kind }>
}

type Kind = { Unit: unknown } | { Fuzz: { runs: number } } | { Invariant: { runs: number; calls: number } }

describe("the contracts' own tests", () => {
  let results: { name: string; status: string; reason: string | null; kind: Kind }[]
  let code: number

  beforeAll(async () => {
    expect(staleArtifacts()).toEqual([])
    const run = await forge(['test', '--json'])
    code = run.code
    results = Object.entries<Suite>(parse(run.stdout, run.stderr)).flatMap(([file, suite]) =>
      Object.entries(suite.test_results).map(([name, result]) => ({ name: `${file} ${name}`, ...result })),
    )
  }, TIMEOUT)

  test('pass', () => {
    expect(results.filter(({ status }) => status !== 'Success')).toEqual([])
    expect(code).toBe(0)
  })

  test('all ran', () => {
    expect(results.length).toBeGreaterThanOrEqual(LEAST_TESTS)
  })

  test('drew enough cases for every property', () => {
    const fuzzed = results.flatMap(({ name, kind }) => ('Fuzz' in kind ? [{ name, runs: kind.Fuzz.runs }] : []))
    expect(fuzzed.length).toBeGreaterThan(0)
    expect(fuzzed.filter(({ runs }) => runs < LEAST_RUNS)).toEqual([])
  })
})

/** Forge prints one line of JSON, and nothing of the kind when the tests do not compile. */
function parse(stdout: string, stderr: string): Record<string, Suite> {
  const line = stdout.split('\n').find((each) => each.startsWith('{'))
  if (!line) throw new Error(`forge gave no results:\n${stderr || stdout}`)
  return JSON.parse(line)
}
