import type { Call } from './facts.ts'
import { assertInvariants } from './invariants.ts'
import { MOODS } from './parts.ts'
import type { Encoding } from './payments.ts'
import { priceOf, TARGETS } from './terms.ts'
import { BLOCK_MS, type ModelWorld } from './world.ts'

export const PAYERS = ['0x00000000000000000000000000000000000000a1', '0x00000000000000000000000000000000000000b2']
/** Payments as they come from honest clients; most speak v2. */
export const ENCODINGS: readonly Encoding[] = ['v2', 'v2', 'v2', 'v1', 'v2-upper']
/** What is no payment for the call. */
const BAD = ['none', 'forged', 'cheap', 'elsewhere-to', 'long'] as const

/** What can happen; `pick` chooses among what there is. */
export type Event =
  | {
      readonly does: 'pay'
      readonly payer: number
      readonly target: number
      readonly instance: number
      readonly id: number
      readonly encoding: number
      readonly hangsUp: number
    }
  /** The same payment again, or (`anew`) another one for the same call, under the same name or none. */
  | {
      readonly does: 'again' | 'anew'
      readonly pick: number
      readonly instance: number
      readonly encoding: number
      readonly hangsUp: number
    }
  | { readonly does: 'elsewhere'; readonly pick: number; readonly target: number; readonly instance: number }
  /** Another authorization with the same nonce. */
  | { readonly does: 'twin'; readonly pick: number; readonly instance: number }
  | { readonly does: 'unpaid'; readonly pick: number; readonly how: number; readonly instance: number }
  | { readonly does: 'turns'; readonly picks: readonly number[]; readonly blocks: number }
  | { readonly does: 'time'; readonly ms: number; readonly stuck: boolean; readonly beats: boolean }
  | { readonly does: 'crash' | 'reconcile'; readonly instance: number }
  | {
      readonly does: 'chain'
      readonly down: boolean
      readonly deaf: boolean
      readonly drained: boolean
      readonly lies: boolean
    }
  | { readonly does: 'store'; readonly fault: 'before' | 'after' | undefined }
  | { readonly does: 'upstream'; readonly mood: number }
  | { readonly does: 'reorg'; readonly depth: number; readonly lost: boolean }
  | { readonly does: 'cancel' | 'leave' | 'front-run'; readonly pick: number }
  | { readonly does: 'refund'; readonly pick: number; readonly instance: number }
  | { readonly does: 'clock'; readonly skew: number; readonly instance: number }
  /** A store that forgets all is rare enough to leave most histories whole. */
  | { readonly does: 'forget'; readonly chance: number }

/** Has an event happen. */
export async function happen(world: ModelWorld, event: Event): Promise<void> {
  switch (event.does) {
    case 'pay': {
      const payer = PAYERS[event.payer % PAYERS.length] as string
      const target = targetOf(event.target)
      // A part of the calls bear a name, out of few.
      const signed = world.sign(payer, target, event.id < 3 ? `name-of-a-call-${event.id}` : undefined)
      return world.call(event.instance, target, signed, optionsOf(event))
    }
    case 'again':
    case 'anew': {
      const call = pick(world.calls, event.pick)
      if (!call) return
      const { payer, target, signed } = call
      const sent = event.does === 'again' ? signed : world.sign(payer, target, signed.id)
      return world.call(event.instance, target, sent, optionsOf(event))
    }
    case 'elsewhere': {
      const call = pick(world.calls, event.pick)
      return call && world.call(event.instance, targetOf(event.target), call.signed)
    }
    case 'twin': {
      const call = pick(world.calls, event.pick)
      if (!call || call.signed.amount !== priceOf(call.target)) return
      const twin = { ...call.signed, validBefore: call.signed.validBefore - 1 }
      return world.call(event.instance, call.target, twin)
    }
    case 'unpaid':
      return comeUnpaid(world, event.pick, event.how, event.instance)
    case 'turns':
      // Blocks come while the gateways work, spread over their turns.
      for (const [index, turn] of event.picks.entries()) {
        if (!(await world.scheduler.step(turn))) return
        await assertInvariants(world)
        if (index % 4 === 3 && index < event.blocks * 4) world.advance(BLOCK_MS, { beats: true })
      }
      return
    case 'time':
      return world.advance(event.ms, event)
    case 'crash':
      return world.crash(event.instance)
    case 'reconcile':
      return world.reconcile(event.instance)
    case 'chain': {
      const { does, ...trouble } = event
      Object.assign(world.chain, trouble)
      return
    }
    case 'store':
      world.storeFault = event.fault
      return
    case 'upstream':
      world.mood = MOODS[event.mood] ?? 'answers'
      return
    case 'reorg':
      return world.chain.reorg(event.depth, event.lost)
    case 'cancel':
      return world.chain.cancel(pick(world.calls, event.pick)?.signed.nonce ?? '')
    case 'front-run':
      return world.chain.frontRun(pick(world.calls, event.pick)?.signed.nonce ?? '')
    case 'leave':
      return pick(world.calls, event.pick)?.client.leave()
    case 'refund':
      return world.refund(event.instance, event.pick)
    case 'clock':
      return world.setClock(event.instance, event.skew)
    case 'forget':
      if (event.chance === 0) world.forget()
  }
}

/** A call that nobody has paid for: with nothing, with another's payment badly signed, or for other money. */
function comeUnpaid(world: ModelWorld, index: number, how: number, instance: number): void {
  const call = pick(world.calls, index)
  const payer = call?.payer ?? (PAYERS[0] as string)
  const target = call?.target ?? targetOf(index)
  const kind = BAD[how % BAD.length] ?? 'none'
  if (kind === 'none' || kind === 'forged')
    return void world.call(instance, target, call?.signed ?? world.sign(payer, target), { encoding: kind })
  const more = {
    cheap: { amount: 1n },
    'elsewhere-to': { to: payer.replace('a1', 'c3').replace('b2', 'c3') },
    long: { amount: 1n, validBefore: Math.floor(world.now() / 1_000) + 100_000 },
  }
  world.call(instance, target, world.sign(payer, target, undefined, more[kind]))
}

const optionsOf = (event: { readonly encoding: number; readonly hangsUp: number }) => ({
  encoding: ENCODINGS[event.encoding] ?? 'v2',
  hangsUpAt: event.hangsUp < 0 ? undefined : event.hangsUp,
})
const targetOf = (index: number): string => TARGETS[index % TARGETS.length] as string
/** @param index −1 is the last one */
const pick = (calls: readonly Call[], index: number): Call | undefined =>
  calls.at(index < 0 ? index : index % Math.max(1, calls.length))
