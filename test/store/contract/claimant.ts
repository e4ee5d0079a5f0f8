import { once } from 'node:events'
import { openLmdb } from '../../../src/adapters/store/lmdb/index.ts'
import type { NewClaim } from '../../../src/domain/record.ts'
import { LEASE, newClaim } from './life.ts'

// A process of its own on a shared directory: claims what all of them claim, and takes nonces of one lane.
const [, , directory = '', many = '0'] = process.argv
const store = openLmdb(directory)
const claims: NewClaim[] = Array.from({ length: Number(many) }, (_, i) => {
  const claim = newClaim({ payer: `0xpayer${i}` })
  return { ...claim, key: `eip155:84532:0xasset:0xpayer${i}:0x00` as NewClaim['key'] }
})
const same = claims.map((claim) => ({ ...claim, terms: { ...claim.terms, signed: 'the same' } }))
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const outcomes = await Promise.all(
  same.map(async (claim) => {
    const { outcome } = await store.claim(claim, LEASE)
    return { key: claim.key, outcome }
  }),
)
const nonces = await Promise.all(Array.from({ length: 8 }, () => store.lanes.take('lane', 0, undefined)))
process.stdout.write(`${JSON.stringify({ outcomes, nonces })}\n`)
await once(process.stdin, 'data')
await store.close()
process.exit()
