import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const CLOCK = fileURLToPath(new URL('./clock.mjs', import.meta.url))
const ASK =
  'console.log(JSON.stringify([Date.now(), new Date().getTime(), new Date(7).getTime(), Date.UTC(1970, 0, 2)]))'

test.each([30_000, -30_000])(
  'a gateway started with a clock off by %i ms sees the time so, and fixed dates as they are',
  (skew) => {
    const env = { ...process.env, CLOCK_SKEW_MS: String(skew) }
    const [now, made, fixed, day] = JSON.parse(
      execFileSync(process.execPath, ['--import', CLOCK, '-e', ASK], { env, encoding: 'utf8' }),
    )
    expect(now - Date.now()).toBeGreaterThan(skew - 10_000)
    expect(now - Date.now()).toBeLessThanOrEqual(skew)
    expect(made - now).toBeLessThan(1_000)
    expect([fixed, day]).toEqual([7, 86_400_000])
  },
)
