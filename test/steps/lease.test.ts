import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type FencingToken, type Fingerprint, milliseconds } from '../../src/domain/ids.ts'
import type { Settlement } from '../../src/domain/settlement.ts'
import type { Client } from '../../src/ports/client.ts'
import { type Store, StoreUnavailable } from '../../src/ports/store.ts'
import { claim } from '../../src/steps/claim.ts'
import { deliver } from '../../src/steps/deliver.ts'
import { baseOffer, paymentFor } from '../support/fixtures.ts'
import { memoryLog } from '../support/log.ts'

// Leases are proven on real stores elsewhere; here one fails on purpose, at a moment no real one can be made to.
const LEASE_MS = 90

function storeThat(more: Partial<Store>): Store {
  const fine: Pick<Store, 'claim' | 'move' | 'renew' | 'release'> = {
    claim: async () => ({ outcome: 'claimed', token: 'token' as FencingToken, unsettled: 0 }),
    move: async () => true,
    renew: async () => true,
    release: async () => true,
  }
  return { ...fine, ...more } as Store
}

async function held(store: Store) {
  const request = {
    method: 'GET',
    target: { raw: '/', path: '/', query: [] },
    body: new Uint8Array(),
    fingerprint: 'f' as Fingerprint,
  }
  const result = await claim(store, paymentFor(baseOffer), request, {
    version: 'v',
    route: 'GET /',
    skewSeconds: 30,
    leaseMs: LEASE_MS,
    finality: milliseconds(1_000),
  })
  if ('refused' in result || 'replay' in result) throw new Error('no claim')
  return result
}
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a lease', () => {
  test('that is taken over stops the work', async () => {
    const lease = await held(storeThat({ renew: async () => false }))
    await wait(LEASE_MS)
    expect(lease.lost.aborted).toBe(true)
    expect(await lease.confirm()).toBe(false)
    lease.end()
  })
  test('that cannot be renewed for its whole length counts as lost', async () => {
    const lease = await held(storeThat({ renew: () => Promise.reject(new StoreUnavailable('away')) }))
    await wait(LEASE_MS / 2)
    expect(lease.lost.aborted).toBe(false)
    await wait(LEASE_MS)
    expect(lease.lost.aborted).toBe(true)
    lease.end()
  })
  test('that is renewed is kept', async () => {
    const lease = await held(storeThat({}))
    await wait(LEASE_MS * 3)
    expect(await lease.confirm()).toBe(true)
    lease.end()
  })
})

describe('a delivery', () => {
  const settlement = {
    network: baseOffer.network,
    asset: 'a',
    payer: 'p',
    payTo: 'q',
    amount: 1n,
    transaction: '0x',
  } as unknown as Settlement
  const clientOf = (sent: string[]): Client => ({
    gone: new AbortController().signal,
    answer: () => undefined,
    stream: async (status) => {
      sent.push(String(status))
      return 'complete'
    },
  })
  const response = () => ({ status: 200, headers: [], body: Readable.from(['x']), countsEarly: () => false })

  test('does not begin once the lease is lost', async () => {
    const lease = await held(storeThat({ renew: async () => false }))
    await wait(LEASE_MS)
    const sent: string[] = []
    expect(await deliver(lease, settlement, 2, response(), clientOf(sent), memoryLog())).toMatchObject({
      refused: 'payment_in_flight',
      charged: 'yes',
    })
    expect(sent).toEqual([])
    lease.end()
  })
  test('is closed when the store comes back, and refuses nothing after the answer is out', async () => {
    let away = 2
    const moves: string[] = []
    const store = storeThat({
      move: async (_key, _token, { to }) => {
        if (away-- > 0) throw new StoreUnavailable('away')
        moves.push(to)
        return true
      },
    })
    const lease = await held(store)
    expect(await deliver(lease, settlement, 2, response(), clientOf([]), memoryLog())).toBeUndefined()
    expect(moves).toEqual(['delivered'])
    lease.end()
  })
})
