import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { type FencingToken, type Fingerprint, milliseconds, type PaymentKey } from '../../src/domain/ids.ts'
import type { Learnt, Move, NewClaim, PaymentState } from '../../src/domain/record.ts'
import { NEXT_STATES } from '../../src/domain/record.ts'
import type { Store } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'
import { memoryStore } from '../support/memory-store.ts'
import { ATTEMPT, newClaim, SETTLEMENT } from '../support/redis-payments.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'

const STATES = Object.keys(NEXT_STATES) as PaymentState[]
const LONG = milliseconds(600_000)
const RUNS = 300
/** The same histories each time: they reach every answer that a claim can be given. */
const SEED = 7

let server: RedisServer
let redis: Store
beforeAll(async () => {
  server = await startRedis()
  redis = await openRedis(server.url, memoryLog())
})
afterAll(async () => {
  await redis.close()
  await server.stop()
})

/** A lease that is over at once, or not before the test is. */
const lease = fc.constantFrom(milliseconds(0), LONG)
const which = fc.nat(3)
const learnt: fc.Arbitrary<Learnt> = fc.record(
  {
    attempt: fc.constant(ATTEMPT),
    settlement: fc.constant(SETTLEMENT),
    reverted: fc.boolean(),
    tries: fc.nat(4),
    served: fc.boolean(),
    final: fc.boolean(),
    refund: fc.constantFrom({ attempt: ATTEMPT }, { attempt: ATTEMPT, settlement: SETTLEMENT }),
  },
  { requiredKeys: [] },
)
const body = fc.uint8Array({ maxLength: 20 })

type Payment = { readonly claims: readonly NewClaim[]; readonly keys: readonly PaymentKey[] }
/** One step, on either store: the same, but for the tokens, which each makes up for itself. */
type Step = (store: Store, payment: Payment, tokens: FencingToken[]) => Promise<unknown>

const token = fc.nat(5)
const pick = <T>(list: readonly T[], i: number) => list[list.length - 1 - (i % Math.max(1, list.length))]

const claim = fc.record({ which, lease, request: fc.nat(1), id: fc.option(fc.nat(1)), binding: fc.nat(6) }).map(
  ({ which, lease, request, id, binding }): Step =>
    async (store, { claims }, tokens) => {
      const base = claims[which] as NewClaim
      const { token, ...result } = {
        token: undefined,
        ...(await store.claim(
          {
            ...base,
            terms: { ...base.terms, request: (request === 0 ? 'one' : base.terms.request) as Fingerprint },
            ...(id !== null && { identifier: { id: `id ${id}`, binding: binding === 0 ? 'other' : 'same' } }),
          },
          lease,
        )),
      }
      if (token) tokens.push(token)
      // Whole seconds of a clock that is read twice.
      return result.outcome === 'in-flight' ? { ...result, retryAfter: Math.round(result.retryAfter / 10) } : result
    },
)

const move = fc
  .record({
    which,
    token,
    to: fc.constantFrom(...STATES),
    learnt,
    lookIn: fc.option(lease),
    body: fc.option(body),
    closes: fc.option(which),
    status: fc.option(fc.constant(200)),
  })
  .map(
    ({ which, token, to, learnt, lookIn, body, closes, status }): Step =>
      async (store, { keys }, tokens) => {
        const move: Move = {
          to,
          learnt,
          ...(lookIn !== null && { lookIn }),
          ...(body && { keep: { status: 201, headers: [['a', 'b']], body } }),
          ...(closes !== null && { closes: keys[closes] }),
          ...(status !== null && { status }),
        }
        return store.move(keys[which] as PaymentKey, pick(tokens, token) ?? ('none' as FencingToken), move)
      },
  )

const END: readonly PaymentState[] = ['settling', 'unknown', 'void', 'credited', 'delivered', 'refunded']

/** A life as most are, from whatever the claim gives: what chance alone would seldom bring about. */
const life = fc
  .record({
    which,
    end: fc.constantFrom(...END),
    id: fc.nat(2),
    body: fc.option(body),
    tries: fc.nat(3),
    final: fc.boolean(),
  })
  .map(
    ({ which, end, id, body, tries, final }): Step =>
      async (store, { claims }, tokens) => {
        const claim = claims[which] as NewClaim
        const named = id < 2 && { identifier: { id: `id ${id}`, binding: 'same' } }
        const { token, ...result } = { token: undefined, ...(await store.claim({ ...claim, ...named }, LONG)) }
        if (!token) return result.outcome
        tokens.push(token)
        const key = 'key' in result ? result.key : claim.key
        const way: Move[] = [
          { to: 'settling', learnt: { attempt: ATTEMPT } },
          ...(end === 'void' || end === 'unknown' ? [{ to: end }] : []),
          { to: 'settled', learnt: { settlement: SETTLEMENT } },
          {
            to: 'delivering',
            learnt: { tries },
            ...(body && { keep: { status: 201, headers: [['a', 'b']], body } }),
          },
          {
            to: end === 'delivered' ? end : 'credited',
            learnt: { final },
            ...(key !== claim.key && { closes: claim.key }),
          },
        ]
        const done: boolean[] = []
        for (const move of end === 'settling' ? way.slice(0, 1) : way) done.push(await store.move(key, token, move))
        if (end !== 'refunded') return [result, done]
        const taken = await store.takeOver(key, LONG)
        const refund = { attempt: ATTEMPT, settlement: SETTLEMENT }
        for (const to of ['refunding', 'refunded'] as const)
          done.push(await store.move(key, taken?.token ?? token, { to, learnt: { refund } }))
        return [result, done]
      },
  )

const others = fc.record({ which, token, lease, kind: fc.constantFrom('renew', 'release', 'takeOver', 'grant') }).map(
  ({ which, token, lease, kind }): Step =>
    async (store, { keys, claims }, tokens) => {
      const key = keys[which] as PaymentKey
      const held = pick(tokens, token) ?? ('none' as FencingToken)
      if (kind === 'renew') return store.renew(key, held, lease)
      if (kind === 'release') return store.release(key, held)
      if (kind === 'grant') return store.grant({ ...(claims[which] as NewClaim), settlement: SETTLEMENT })
      const taken = await store.takeOver(key, lease)
      if (taken) tokens.push(taken.token)
      return taken?.record
    },
)

const history = fc.array(
  fc.oneof({ weight: 5, arbitrary: claim }, { weight: 3, arbitrary: move }, { weight: 3, arbitrary: life }, others),
  { minLength: 1, maxLength: 30 },
)

/** All that can be seen of a few payments. */
async function sight(store: Store, { keys }: Payment) {
  const ours = (key: PaymentKey) => keys.includes(key)
  const ledger: unknown[] = []
  for await (const { at, ...entry } of store.ledger()) if (ours(entry.key)) ledger.push(entry)
  return {
    records: await Promise.all(keys.map((key) => store.read(key))),
    due: (await store.due(100_000)).filter(ours).sort(),
    credits: (await store.credits()).filter(({ key }) => ours(key)).sort((a, b) => (a.key < b.key ? -1 : 1)),
    ledger,
  }
}

test('whatever is asked in whatever order, the scripts answer as the rules do', async () => {
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      // All by one payer, for two requests; an owner that no other run has.
      const first = newClaim()
      const claims = [0, 1, 2, 3].map((i) => ({
        ...first,
        key: `${first.key}-${i}` as PaymentKey,
        terms: { ...first.terms, signed: `all of ${i}`, request: (i === 3 ? 'two' : 'one') as Fingerprint },
      }))
      const payment = { claims, keys: claims.map(({ key }) => key) }
      const model = memoryStore({ now: Date.now })
      const tokens: [FencingToken[], FencingToken[]] = [[], []]
      for (const step of steps) {
        const expected = await step(model, payment, tokens[0])
        expect(await step(redis, payment, tokens[1])).toEqual(expected)
        if (typeof expected === 'object') reached.add((expected as { outcome?: string }).outcome ?? '')
      }
      expect(await sight(redis, payment)).toEqual(await sight(model, payment))
    }),
    { numRuns: RUNS, seed: SEED },
  )
  for (const outcome of OUTCOMES) expect(reached, outcome).toContain(outcome)
}, 120_000)

const OUTCOMES = [
  'claimed',
  'unresolved',
  'owed',
  'in-flight',
  'earlier-unknown',
  'stored',
  'spent',
  'exhausted',
  'refunded',
  'void',
  'other-request',
  'identifier-reused',
  'identifier-spent',
]
