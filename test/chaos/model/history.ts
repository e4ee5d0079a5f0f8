import { assertPaidBackOnce, assertSettledUp, openCredits } from './ending.ts'
import { type Event, happen } from './events.ts'
import { assertInvariants, hold, isServed } from './invariants.ts'
import { BLOCK_MS, type ModelWorld, openModelWorld } from './world.ts'

const INSTANCES = 3

/**
 * Plays one history, holding every invariant at every step; then lets the world recover, and holds that everything that was
 * charged has ended as a delivery or an open credit, and that a credit is redeemed by calling again.
 *
 * @param watch sees the world when the history has been played, before and after it has recovered
 * @throws the first broken invariant
 */
export async function play(
  history: readonly Event[],
  watch?: (world: ModelWorld) => Promise<void>,
): Promise<ModelWorld> {
  const world = openModelWorld(INSTANCES)
  try {
    for (const one of history) {
      await happen(world, one)
      await assertInvariants(world)
    }
    await watch?.(world)
    await recover(world)
    await assertInvariants(world)
    await assertSettledUp(world)
    await assertPaidBackOnce(world)
    await redeem(world)
    return world
  } finally {
    world.close()
  }
}

/** Everything works again, the reconciler runs, and time passes until the last authorization has ended and is finalised. */
async function recover(world: ModelWorld): Promise<void> {
  Object.assign(world.chain, { down: false, deaf: false, drained: false, lies: false })
  Object.assign(world, { storeFault: undefined, mood: 'answers' })
  for (let instance = 0; instance < INSTANCES; instance++) world.setClock(instance, 0)
  for (let round = 0; round < 12; round++) {
    await drain(world)
    world.advance(10 * BLOCK_MS)
    world.reconcile(round)
    await world.refund(round, 0, true)
    await drain(world)
  }
}

/** 3: a credit is redeemed by the same payer calling again, with the payment that was charged or with another, which is not. */
async function redeem(world: ModelWorld): Promise<void> {
  const credits = await openCredits(world)
  const before = world.chain.everSent.size
  for (const [index, [key, { payer, target, signed }]] of credits.entries()) {
    if ((await world.store.read(key))?.state !== 'credited') continue
    world.call(index, target, index % 2 === 0 ? { ...signed, id: undefined } : world.sign(payer, target))
    const again = world.calls.at(-1)
    await drain(world)
    hold(
      again !== undefined && isServed(again),
      '3',
      () => `${key} is credited, and calling again brought ${again?.got?.body}`,
    )
  }
  hold(world.chain.everSent.size === before, '3', () => 'a credit was there, and a new payment was charged')
  // What has been delivered is not delivered again, however often it is asked for.
  for (const { target, signed } of new Map(world.calls.map((call) => [call.key, call])).values())
    world.call(0, target, signed)
  await drain(world)
  await assertInvariants(world)
}

async function drain(world: ModelWorld): Promise<void> {
  for (let turns = 0; turns < 2_000 && (await world.scheduler.step(turns)); turns++);
}
