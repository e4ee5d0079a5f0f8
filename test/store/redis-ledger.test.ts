import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { keyIn, tagOf } from '../../src/adapters/store/redis/keys.ts'
import { type Milliseconds, milliseconds } from '../../src/domain/ids.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { Store } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'
import { ATTEMPT, LEASE, newClaim, tokenOf } from '../support/redis-payments.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { ask } from '../support/redis-topology.ts'

let server: RedisServer
let store: Store
beforeAll(async () => {
  server = await startRedis()
  store = await openRedis(server.url, memoryLog())
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

async function entries(since?: Milliseconds, until?: Milliseconds): Promise<LedgerEntry[]> {
  const all: LedgerEntry[] = []
  for await (const entry of store.ledger(since, until)) all.push(entry)
  return all
}

test('a ledger of many pages and payers is read whole, in order, and in windows that neither overlap nor leave gaps', async () => {
  const claims = [newClaim(), newClaim(), newClaim()]
  for (const [i, claim] of claims.entries()) {
    const token = tokenOf(await store.claim(claim, LEASE))
    // The first writes several pages; the bytes tell the entries apart.
    for (let n = 0; n < (i === 0 ? 350 : 20); n++)
      await store.move(claim.key, token, { to: 'settling', learnt: { attempt: { ...ATTEMPT, transaction: `0x${n}` } } })
  }
  const all = await entries()
  expect(all).toHaveLength(390)
  expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).sort((a, b) => a - b))
  const first = all.filter(({ key }) => key === claims[0]?.key).map(({ transaction }) => transaction)
  expect(first).toEqual(Array.from({ length: 350 }, (_, n) => `0x${n}`))

  const middle = all[200]?.at as Milliseconds
  const [before, after] = [await entries(undefined, middle), await entries(middle)]
  expect([...before, ...after]).toEqual(all)
  expect(after[0]?.at).toBe(middle)
  expect(before.at(-1)?.at).toBeLessThan(middle)
  expect(await entries(middle, middle)).toEqual([])
  expect(await entries(milliseconds(0), milliseconds(0))).toEqual([])
})

test('the times of a payer’s entries do not go back where the clock does', async () => {
  const claim = newClaim()
  const token = tokenOf(await store.claim(claim, LEASE))
  // The last entry of the slot is one of a clock that was an hour ahead.
  const ahead = Date.now() + 3_600_000
  const tag = tagOf(claim.key)
  await ask(server, 'XADD', keyIn(tag, 'ledger'), `${ahead}-7`, 'key', 'another', 'event', 'settled')
  await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })
  const [entry] = (await entries()).filter(({ key }) => key === claim.key)
  expect(entry?.at).toBe(ahead)
})
