import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sponsorGuards } from '../../src/adapters/solana/guards.ts'
import { guards } from '../../src/steps/check.ts'
import { findGuards, remove } from './guards.ts'

// `npm run mutate` takes each of these away and demands that a test goes red; here is only seen that it finds them.
describe.each([
  ['src/steps/check.ts', guards],
  ['src/adapters/solana/guards.ts', sponsorGuards],
])('the guards of %s', (file, listed) => {
  test('are all found', () =>
    expect(findGuards(file).map(({ name }) => name)).toEqual(
      expect.arrayContaining(listed.map(({ name }) => `'${name}'`)),
    ))
  test('can each be taken away', () => {
    const text = readFileSync(file, 'utf8')
    for (const guard of findGuards(file)) expect(remove(text, guard)).not.toBe(text)
  })
})
