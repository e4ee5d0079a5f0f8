import type { Payer } from '../../test/clients/index.ts'
import type { Description } from '../description.ts'
import { nameOf, type Plan } from './calls.ts'
import { askPrice, buy, deltasOf, type Outcome, payAgain } from './purchase.ts'
import type { Screen } from './screen.ts'
import { signed } from './words.ts'

/** Purchases by further clients, a line each. */
export async function* tabulate(
  world: Description,
  purchases: readonly { plan: Plan; payer: Payer }[],
  screen: Screen,
): AsyncGenerator<Outcome, void, void> {
  const { line, paint } = screen
  line(`\n${paint('bold', 'Other clients, each as it is published')}\n`)
  line(paint('dim', row('client', '', 'chain', 'call', 'agent USDC', 'paid', 'again')))
  for (const { plan, payer } of purchases) {
    const outcome = await screen.wait(`${plan.client} buys ${nameOf(plan)}`, purchaseOf(world, payer, plan))
    const { purchase, replay } = outcome
    const charge = signed(deltasOf(purchase).payer)
    const cells = [plan.client, plan.protocol, plan.chain, nameOf(plan), charge] as const
    line(row(...cells, String(purchase.answer.status), String(replay.status)))
    yield outcome
  }
}

async function purchaseOf(world: Description, payer: Payer, plan: Plan): Promise<Outcome> {
  const purchase = await buy(world, payer, plan, await askPrice(world, plan))
  return { purchase, replay: await payAgain(world, purchase, plan) }
}

type Cells = [
  client: string,
  protocol: string,
  chain: string,
  call: string,
  charge: string,
  paid: string,
  again: string,
]

function row(...[client, protocol, chain, call, charge, paid, again]: Cells): string {
  const names = `  ${client.padEnd(17)}${protocol.padEnd(4)}${chain.padEnd(8)}${call.padEnd(27)}`
  return `${names}${charge.padStart(10)}${paid.padStart(5)}${again.padStart(6)}`
}
