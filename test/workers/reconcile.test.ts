import { expect, test } from 'vitest'
import { type Caip2, milliseconds, seconds } from '../../src/domain/ids.ts'
import type { LookupOutcome } from '../../src/domain/settlement.ts'
import { ChainUnavailable, type Network } from '../../src/ports/network.ts'
import { reconcile, reconcileOnce } from '../../src/workers/reconcile.ts'
import { memoryLog } from '../support/log.ts'
import { memoryStore } from '../support/memory-store.ts'
import { ATTEMPT, newClaim, tokenOf } from '../support/redis-payments.ts'

// On real chains in test/line; here a node takes its time, and time is what the node takes.
const LEASE_MS = 1_000
const ENOUGH = 200

/** Payments whose outcome is unknown and which are due, and a node that takes some seconds for each. */
async function openPayments(count: number, questionMs: number, answer: () => LookupOutcome) {
  let now = Date.now()
  let asked = 0
  const store = memoryStore({ now: () => now, yield: () => new Promise(setImmediate) })
  for (let payment = 0; payment < count; payment++) {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, milliseconds(LEASE_MS)))
    await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })
    await store.move(claim.key, token, { to: 'unknown', lookIn: milliseconds(0) })
  }
  const network: Partial<Network> = {
    finality: milliseconds(1_000),
    async lookup() {
      if (++asked > ENOUGH) throw new Error('asked without end')
      await new Promise(setImmediate)
      now += questionMs
      return answer()
    },
  }
  const parts = {
    store,
    networks: new Map([['eip155:84532' as Caip2, network as Network]]),
    facilitators: new Map(),
    clock: { now: () => seconds(Math.floor(now / 1_000)) },
    log: memoryLog(),
  }
  return { parts, asked: () => asked }
}

const away = (): LookupOutcome => {
  throw new ChainUnavailable('timed out')
}

test('a node that does not answer keeps a pass up once, however many payments wait for it', async () => {
  const { parts, asked } = await openPayments(40, 10_000, away)
  const report = await reconcileOnce(parts, { leaseMs: LEASE_MS, concurrency: 2 })
  expect(report).toMatchObject({ looked: 40, open: 40 })
  expect(asked()).toBe(2)
})

test('passes that learn nothing come to an end, though each takes longer than what it leaves open may wait', async () => {
  const { parts, asked } = await openPayments(12, 10_000, away)
  await reconcile(parts, { leaseMs: LEASE_MS, limit: 4 })
  expect(asked()).toBeLessThanOrEqual(4)
})

test('passes that get on go on until nothing is due', async () => {
  const { parts, asked } = await openPayments(12, 10_000, () => ({ outcome: 'void' }))
  await reconcile(parts, { leaseMs: LEASE_MS, limit: 4 })
  expect(asked()).toBe(12)
  expect(await parts.store.due(12)).toEqual([])
})
