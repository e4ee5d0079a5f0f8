import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { MAX_IN_FLIGHT } from '../../src/ports/lanes.ts'
import { scratch } from '../support/scratch.ts'
import { entriesOf, LEASE, newClaim, tokenOf } from './contract/life.ts'

const KEYS = 1_000
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

interface Told {
  readonly outcomes: readonly { readonly key: string; readonly outcome: string }[]
  readonly nonces: readonly (number | null)[]
}

/** Starts a process on the directory, which is ready to claim. */
async function startClaimant(directory: string) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/store/contract/claimant.ts', directory, String(KEYS)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  children.push(child)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  return {
    child,
    go: () => void child.stdin.write('go\n'),
    told: async (): Promise<Told> => JSON.parse((await lines.next()).value),
  }
}

test('of three processes on one directory exactly one wins each of 1,000 keys, and each nonce', async () => {
  const directory = scratch()
  const claimants = await Promise.all([1, 2, 3].map(() => startClaimant(directory)))
  for (const { go } of claimants) go()
  const told = await Promise.all(claimants.map(({ told }) => told()))
  const outcomes = told.flatMap(({ outcomes }) => outcomes)
  const won = outcomes.filter(({ outcome }) => outcome === 'claimed').map(({ key }) => key)
  expect(won).toHaveLength(KEYS)
  expect(new Set(won).size).toBe(KEYS)
  expect(outcomes.filter(({ outcome }) => outcome === 'in-flight')).toHaveLength(2 * KEYS)
  const nonces = told.flatMap(({ nonces }) => nonces).filter((nonce): nonce is number => nonce !== null)
  expect(nonces.sort((a, b) => a - b)).toEqual(Array.from({ length: MAX_IN_FLIGHT }, (_, i) => i))
  for (const { child, go } of claimants) {
    go()
    await once(child, 'exit')
  }
})

test.each([0, 10, 40])('a process that is killed %i ms into its writes stops nobody', async (delay) => {
  const directory = scratch()
  const store = openLmdb(directory)
  const { child, go } = await startClaimant(directory)
  const exited = once(child, 'exit')
  go()
  await sleep(delay)
  child.kill('SIGKILL')
  await exited
  const claim = newClaim()
  const token = tokenOf(await store.claim(claim, LEASE))
  expect(await store.move(claim.key, token, { to: 'settling' })).toBe(true)
  expect(await entriesOf(store, [claim.key])).toHaveLength(1)
  await store.close()
})
