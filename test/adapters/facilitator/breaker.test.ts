import { beforeEach, expect, test } from 'vitest'
import {
  type Breaker,
  createBreaker,
  FAILURES_TO_OPEN,
  type Verdict,
} from '../../../src/adapters/facilitator/breaker.ts'

let now: number
let breaker: Breaker
beforeEach(() => {
  now = 0
  breaker = createBreaker(() => now)
})

const settle = (verdict: Verdict) => breaker.enter()?.(verdict)
const open = () => {
  for (let count = 0; count < FAILURES_TO_OPEN; count++) settle('bad')
}

test('bad settlements in a row open it, and then nothing goes through', () => {
  settle('bad')
  settle('bad')
  expect(breaker.state()).toBe('closed')
  settle('bad')
  expect(breaker.state()).toBe('open')
  expect(breaker.enter()).toBeUndefined()
})

test('a good one between them starts the count anew; one that says nothing does not', () => {
  settle('bad')
  settle('bad')
  settle('good')
  settle('bad')
  settle('neither')
  settle('bad')
  expect(breaker.state()).toBe('closed')
  settle('bad')
  expect(breaker.state()).toBe('open')
})

test('a health check half-opens it, but not before its time is over', () => {
  open()
  now = 4_999
  breaker.probed()
  expect(breaker.state()).toBe('open')
  now = 5_000
  expect(breaker.state()).toBe('open')
  breaker.probed()
  expect(breaker.state()).toBe('half-open')
})

test('half-open lets one through at a time, and a good one closes it', () => {
  open()
  now = 5_000
  breaker.probed()
  const trial = breaker.enter()
  expect(trial).toBeDefined()
  expect(breaker.enter()).toBeUndefined()
  trial?.('neither')
  expect(breaker.state()).toBe('half-open')
  settle('good')
  expect(breaker.state()).toBe('closed')
  settle('bad')
  settle('bad')
  expect(breaker.state()).toBe('closed')
})

test('a bad trial opens it for twice as long', () => {
  open()
  now = 5_000
  breaker.probed()
  settle('bad')
  expect(breaker.state()).toBe('open')
  now = 14_999
  breaker.probed()
  expect(breaker.state()).toBe('open')
  now = 15_000
  breaker.probed()
  expect(breaker.state()).toBe('half-open')
})

test.each<Verdict>(['good', 'bad'])('what set out before it opened and ends %s does not decide a trial', (verdict) => {
  const early = breaker.enter()
  open()
  early?.(verdict)
  expect(breaker.state()).toBe('open')
  now = 5_000
  breaker.probed()
  early?.(verdict)
  expect(breaker.state()).toBe('half-open')
})
