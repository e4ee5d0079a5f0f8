import type { Payer } from '../../test/clients/index.ts'
import type { Description } from '../description.ts'
import { methodOf, type StoryPlan } from './calls.ts'
import { explain } from './explain.ts'
import { askPrice, buy, deltasOf, type Outcome, type Purchase, payAgain, type Quote } from './purchase.ts'
import type { Screen } from './screen.ts'
import { clip, network as networkName, short, signed, transaction, usdc, value } from './words.ts'

/** One purchase from the first question to a payment that is tried twice, each step as it happens. */
export async function tell(world: Description, payer: Payer, plan: StoryPlan, screen: Screen): Promise<Outcome> {
  const { line, paint } = screen
  const step = (number: number, text: string) => line(`\n  ${paint('cyan', String(number))} ${paint('bold', text)}`)
  const say = (...lines: string[]) => {
    for (const text of lines) line(`    ${text}`)
  }
  const name = plan.chain === 'base' ? 'Base' : 'Solana'
  line(`\n${paint('bold', `${name}: an agent with a wallet and ${plan.client}`)}`)

  step(1, 'The agent asks')
  const quote = await askPrice(world, plan)
  say(`${methodOf(plan)} ${plan.target}`, paint('yellow', `${quote.status} Payment Required`))
  step(2, 'The quote')
  say(clip(quote.description, 76))
  say(...offersOf(quote, payer).map(({ ours, text }) => (ours ? paint('bold', text) : paint('dim', text))))

  const purchase = await screen.wait('paying, and waiting for the chain', buy(world, payer, plan, quote))
  const { answer } = purchase
  step(3, 'The payment it signs')
  say(...(answer.sent ? explain(answer.sent) : ['none']))
  step(4, 'The gateway settles it on chain')
  say(`transaction on ${answer.receipt?.network ?? 'no network'}`, transaction(answer.receipt?.transaction ?? 'none'))
  step(5, 'Only then the call is made, and the agent has its data')
  say(`${answer.status === 200 ? paint('green', '200 OK') : paint('red', String(answer.status))}`)
  say(...fields(answer.body, plan.shown))
  step(6, 'Balances, asked of the chain before and after')
  say(...balances(purchase))

  step(7, 'The same payment once more')
  const replay = await payAgain(world, purchase, plan)
  say(`${paint('yellow', `${replay.status} ${replay.code}`)}: not served, ${replay.free ? 'not charged' : 'CHARGED'}`)
  return { purchase, replay }
}

function offersOf({ offers }: Quote, payer: Payer) {
  return offers.map(({ network, amount, payTo, maxTimeoutSeconds }) => ({
    ours: network === payer.network,
    text: `${usdc(BigInt(amount))} USDC on ${networkName(network).padEnd(14)} to ${short(payTo)} within ${maxTimeoutSeconds} s`,
  }))
}

/** Of an answer's first row, what is named, two to a line. */
function fields(body: unknown, shown: readonly string[]): string[] {
  const row = (body as { data?: Record<string, unknown>[] } | undefined)?.data?.[0] ?? {}
  const cells = shown.map((name) => `${name.padEnd(14)}${value(row[name]).padEnd(18)}`)
  return cells.flatMap((cell, index) => (index % 2 === 0 ? [`${cell}${cells[index + 1] ?? ''}`.trimEnd()] : []))
}

function balances(purchase: Purchase): string[] {
  const { before, after } = purchase
  const delta = deltasOf(purchase)
  const row = (...[name, ...cells]: [string, string, string, string]) =>
    `${name.padEnd(8)}${cells.map((cell) => cell.padStart(17)).join('')}`
  return [
    row('USDC', 'before', 'after', 'change'),
    row('agent', usdc(before.payer), usdc(after.payer), signed(delta.payer)),
    row('payee', usdc(before.payee), usdc(after.payee), signed(delta.payee)),
  ]
}
