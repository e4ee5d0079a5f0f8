import type { Reporter, TestModule } from 'vitest/node'

/** Closes a run with one line that any reader of logs can take: `N passed, N failed`. */
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    // An error outside any test fails the run, so it is counted with what failed.
    let failed = errors.length
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      if (tests.length === 0 && !module.ok()) failed++
      for (const test of tests) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else failed++
      }
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  }
}
