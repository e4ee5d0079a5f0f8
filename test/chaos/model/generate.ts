import fc from 'fast-check'
import { ENCODINGS, type Event } from './events.ts'
import { MOODS, type UpstreamMood } from './parts.ts'

const small = fc.nat(1_000)
const rarely = fc.constantFrom(true, false, false, false)
const hangsUp = fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(5) })
const encoding = fc.nat(ENCODINGS.length - 1)
const record = (weight: number, does: Event['does'], model: Record<string, fc.Arbitrary<unknown>>) => ({
  weight,
  arbitrary: fc.record({ does: fc.constant(does), ...model }) as unknown as fc.Arbitrary<Event>,
})

const event: fc.Arbitrary<Event> = fc.oneof(
  record(28, 'turns', {
    picks: fc.array(small, { minLength: 1, maxLength: 24 }),
    blocks: fc.integer({ min: 0, max: 6 }),
  }),
  record(6, 'pay', { payer: small, target: small, instance: small, id: fc.nat(9), encoding, hangsUp }),
  record(6, 'again', { pick: small, instance: small, encoding, hangsUp }),
  record(3, 'anew', { pick: small, instance: small, encoding, hangsUp }),
  record(1, 'elsewhere', { pick: small, target: small, instance: small }),
  record(1, 'twin', { pick: small, instance: small }),
  record(1, 'unpaid', { pick: small, how: small, instance: small }),
  record(5, 'time', {
    ms: fc.constantFrom(500, 2_000, 6_000, 6_000, 12_000, 12_000, 40_000, 40_000, 120_000, 7_200_000),
    stuck: fc.boolean(),
    beats: fc.boolean(),
  }),
  record(2, 'crash', { instance: small }),
  record(3, 'reconcile', { instance: small }),
  record(2, 'chain', { down: rarely, deaf: rarely, drained: rarely, lies: rarely }),
  record(2, 'store', { fault: fc.constantFrom('before', 'after', undefined, undefined, undefined, undefined) }),
  record(3, 'upstream', { mood: fc.oneof(fc.constant(0), fc.nat(MOODS.length - 1)) }),
  record(1, 'reorg', { depth: fc.integer({ min: 1, max: 8 }), lost: fc.boolean() }),
  record(1, 'cancel', { pick: small }),
  record(1, 'leave', { pick: small }),
  record(1, 'front-run', { pick: small }),
  record(1, 'refund', { pick: small, instance: small }),
  record(1, 'clock', { skew: fc.constantFrom(-30_000, 0, 30_000), instance: small }),
  record(1, 'forget', { chance: fc.nat(4) }),
)

/** One event after another, the numbers that say who goes on left to chance. */
const story = (...parts: (Event | fc.Arbitrary<Event>)[]): fc.Arbitrary<readonly Event[]> =>
  fc.tuple(...parts.map((part) => ('does' in part ? fc.constant(part) : part)))

const turnsOf = (most: number, blocks: number) =>
  fc
    .array(small, { minLength: 1, maxLength: most, size: 'max' })
    .map((picks): Event => ({ does: 'turns', picks, blocks: Math.min(blocks, Math.ceil(picks.length / 4)) }))
/** Long enough to bring most calls to their end. */
const work = record(1, 'turns', {
  picks: fc.array(small, { minLength: 20, maxLength: 24 }),
  blocks: fc.integer({ min: 3, max: 6 }),
}).arbitrary
const pay = record(1, 'pay', {
  payer: small,
  target: small,
  instance: small,
  id: fc.nat(5),
  encoding,
  hangsUp,
}).arbitrary
const last = (does: 'again' | 'anew') =>
  record(1, does, { pick: fc.constant(-1), instance: small, encoding, hangsUp: fc.constant(-1) }).arbitrary
const elsewhere = record(1, 'elsewhere', { pick: fc.constant(-1), target: small, instance: small }).arbitrary
const twin = record(1, 'twin', { pick: fc.constant(-1), instance: small }).arbitrary
const begins = record(1, 'upstream', {
  mood: fc.constantFrom(MOODS.indexOf('streams'), MOODS.indexOf('pours')),
}).arbitrary
const upstream = (mood: UpstreamMood): Event => ({ does: 'upstream', mood: MOODS.indexOf(mood) })
const anyMood = record(1, 'upstream', { mood: fc.nat(MOODS.length - 1) }).arbitrary
const passes = (ms: number): Event => ({ does: 'time', ms, stuck: false, beats: true })
const stands = (ms: number): Event => ({ does: 'time', ms, stuck: false, beats: false })
const reconcile = record(1, 'reconcile', { instance: small }).arbitrary
const crash = record(1, 'crash', { instance: small }).arbitrary
const undo = record(1, 'reorg', { depth: fc.integer({ min: 6, max: 11 }), lost: fc.boolean() }).arbitrary
const refund = record(1, 'refund', { pick: small, instance: small }).arbitrary
const chain = (trouble: Partial<Record<'down' | 'deaf' | 'drained' | 'lies', true>> = {}): Event => ({
  does: 'chain',
  down: false,
  deaf: false,
  drained: false,
  lies: false,
  ...trouble,
})

/** What chance alone would bring too seldom; other events come between, before and after. */
const stories: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<readonly Event[]> }[] = [
  { weight: 2, arbitrary: story(upstream('fails'), pay, work, work, upstream('answers'), elsewhere, work, work) },
  { weight: 2, arbitrary: story(upstream('fails'), pay, work, work, upstream('answers'), twin, work, work) },
  { weight: 5, arbitrary: story(begins, pay, work, turnsOf(16, 2), crash, stands(12_000), last('again'), work, work) },
  { weight: 3, arbitrary: story(anyMood, pay, work, work) },
  { weight: 2, arbitrary: story(pay, work, work, last('again'), work) },
  { weight: 3, arbitrary: story(upstream('fails'), pay, work, work, upstream('answers'), last('anew'), work, work) },
  { weight: 2, arbitrary: story(upstream('away'), pay, work, work, upstream('pours'), last('again'), work) },
  {
    weight: 2,
    arbitrary: story(upstream('fails'), pay, work, work, last('again'), work, last('again'), work, last('again'), work),
  },
  { weight: 2, arbitrary: story(anyMood, pay, work, work, undo, stands(6_000), reconcile, work, reconcile, work) },
  { weight: 2, arbitrary: story(pay, turnsOf(9, 0), chain({ drained: true }), work, chain(), last('anew'), work) },
  { weight: 2, arbitrary: story(chain({ lies: true }), pay, work, chain(), last('anew'), work, reconcile, work) },
  { weight: 5, arbitrary: story(pay, turnsOf(14, 0), { does: 'front-run', pick: -1 }, work, work, reconcile, work) },
  {
    weight: 2,
    arbitrary: story(chain({ deaf: true }), pay, work, work, passes(120_000), reconcile, work, last('again'), work),
  },
  {
    weight: 3,
    arbitrary: story(anyMood, pay, turnsOf(24, 3), crash, stands(12_000), last('again'), work, reconcile, work),
  },
  { weight: 2, arbitrary: story(anyMood, pay, turnsOf(24, 3), stands(12_000), last('anew'), work, reconcile, work) },
  {
    weight: 6,
    arbitrary: story(
      upstream('fails'),
      pay,
      work,
      work,
      passes(40_000),
      reconcile,
      work,
      refund,
      work,
      passes(12_000),
      refund,
      work,
      last('again'),
      work,
    ),
  },
]

export const histories: fc.Arbitrary<readonly Event[]> = fc
  .array(fc.oneof({ weight: 60, arbitrary: event.map((one): readonly Event[] => [one]) }, ...stories), {
    minLength: 6,
    maxLength: 22,
    size: 'max',
  })
  .map((parts) => parts.flat())
