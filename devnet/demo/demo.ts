import type { Payer } from '../../test/clients/index.ts'
import type { Description } from '../description.ts'
import { OTHERS, type Plan, STORIES } from './calls.ts'
import { tabulate } from './others.ts'
import type { Outcome } from './purchase.ts'
import type { Screen } from './screen.ts'
import { tell } from './story.ts'
import { introduce } from './summary.ts'

/** Every purchase of the demo as it is done, one after the other, so that each balance change belongs to one payment. */
export async function* demo(
  world: Description,
  payers: readonly Payer[],
  screen: Screen,
): AsyncGenerator<Outcome, void, void> {
  const payerOf = ({ client, protocol, chain }: Plan): Payer => {
    const { network } = chain === 'base' ? world.evm : world.solana
    const payer = payers.find((one) => one.client === client && one.protocol === protocol && one.network === network)
    if (!payer) throw new Error(`there is no ${client} (${protocol}) on ${chain}`)
    return payer
  }
  introduce(world, screen)
  for (const plan of STORIES) yield await tell(world, payerOf(plan), plan, screen)
  const purchases = OTHERS.map((plan) => ({ plan, payer: payerOf(plan) }))
  yield* tabulate(world, purchases, screen)
}
