import { type Holdings, holdings } from '../../test/clients/holdings.ts'
import type { PaidAnswer, Payer } from '../../test/clients/payer.ts'
import { replay } from '../../test/clients/replay.ts'
import type { Description } from '../description.ts'
import type { Call } from './calls.ts'

/** What a 402 asks for, in PAYMENT-REQUIRED. */
export interface Quote {
  readonly status: number
  readonly description: string
  readonly offers: readonly Offer[]
}

export interface Offer {
  readonly network: string
  readonly asset: string
  readonly amount: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
}

/** A call that was paid for, with what payer and payee held right before and right after. */
export interface Purchase {
  readonly payer: Payer
  readonly amount: bigint
  readonly answer: PaidAnswer
  readonly before: Holdings
  readonly after: Holdings
}

/** A payment that was sent again. */
export interface Replay {
  readonly payer: Payer
  readonly status: number
  readonly code: string | undefined
  /** Whether payer and payee held the same before and after. */
  readonly free: boolean
}

export interface Outcome {
  readonly purchase: Purchase
  readonly replay: Replay
}

/** Asks without paying. */
export async function askPrice(world: Description, { target, init }: Call): Promise<Quote> {
  const response = await fetch(world.gateway + target, init)
  await response.arrayBuffer()
  const terms = JSON.parse(Buffer.from(response.headers.get('payment-required') ?? 'e30=', 'base64').toString())
  return { status: response.status, description: terms.resource?.description ?? '', offers: terms.accepts ?? [] }
}

/** Lets a client pay and measures, on the chain, what that moved. */
export async function buy(world: Description, payer: Payer, call: Call, quote: Quote): Promise<Purchase> {
  const offer = quote.offers.find(({ network, asset }) => network === payer.network && asset === payer.asset)
  if (!offer) throw new Error(`${call.target} is not offered on ${payer.network}`)
  const before = await holdings(world, payer)
  const answer = await payer.pay(world.gateway + call.target, call.init).catch((error: Error) => {
    throw new Error(`${who(payer)} did not pay for ${call.target}: ${error.message}`)
  })
  const after = await holdings(world, payer)
  return { payer, amount: BigInt(offer.amount), answer, before, after }
}

/** Sends the payment of a purchase again, byte for byte. */
export async function payAgain(world: Description, { payer, answer, after }: Purchase, call: Call): Promise<Replay> {
  if (!answer.sent) throw new Error(`${payer.client} sent no payment`)
  const { status, code } = await replay(world.gateway + call.target, answer.sent, call.init)
  const now = await holdings(world, payer)
  return { payer, status, code, free: now.payer === after.payer && now.payee === after.payee }
}

export const deltasOf = ({ before, after }: Purchase): Holdings => ({
  payer: after.payer - before.payer,
  payee: after.payee - before.payee,
})

/** What is not as it should be, a line each. */
export function faultsOf(purchase: Purchase): string[] {
  const { payer, amount, answer } = purchase
  const delta = deltasOf(purchase)
  const faults = [
    answer.status !== 200 && `was answered ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`,
    answer.receipt?.success !== true && 'got no receipt of success',
    !answer.receipt?.transaction && 'got no transaction in its receipt',
    delta.payer !== -amount && `had its balance changed by ${delta.payer} instead of -${amount}`,
    delta.payee !== amount && `had the payee's balance changed by ${delta.payee} instead of ${amount}`,
  ]
  return faults.flatMap((fault) => (fault ? [`${who(payer)} ${fault}`] : []))
}

export function faultsOfReplay({ payer, status, code, free }: Replay): string[] {
  const faults = [
    (status !== 402 || code !== 'payment_already_used') && `was answered ${status} ${code} when it paid twice`,
    !free && 'had balances changed when it paid twice',
  ]
  return faults.flatMap((fault) => (fault ? [`${who(payer)} ${fault}`] : []))
}

export const who = ({ client, protocol, network }: Payer): string => `${client} (${protocol}) on ${network}`
