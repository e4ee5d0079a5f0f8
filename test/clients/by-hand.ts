import {
  type CallInit,
  decodeJson,
  PAYMENT_HEADERS,
  type PaidAnswer,
  type PayerOptions,
  type Receipt,
} from './payer.ts'
import { Recorder, readResponse } from './recorder.ts'

/** An offer of a 402, in the words of v2. */
export interface Offer {
  readonly scheme: string
  readonly network: string
  readonly amount: string
  readonly asset: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly extra: Readonly<Record<string, string>>
}

interface OfferV1 extends Omit<Offer, 'amount'> {
  readonly maxAmountRequired: string
}

/** How an agent that knows no SDK pays. */
export interface ByHand extends PayerOptions {
  readonly protocol: 'v1' | 'v2'
  /** As the protocol calls it: CAIP-2 in v2, a name in v1. */
  readonly network: string
  readonly asset: string
  /** Gives the value of the payment header. */
  sign(offer: Offer): Promise<string>
}

/** Asks, reads the offers, signs the one it can pay, and asks again with the payment. */
export async function payByHand(agent: ByHand, url: string, init: CallInit = {}): Promise<PaidAnswer> {
  const recorder = new Recorder(agent.protocol)
  const first = await readResponse(await recorder.fetch(url, init))
  if (first.status !== 402) return recorder.answer(first, decodeJson<Receipt>)
  const offer = offersOf(agent.protocol, first).find((one) => {
    return one.scheme === 'exact' && one.network === agent.network && one.asset === agent.asset
  })
  if (!offer) throw new Error(`no offer on ${agent.network}`)
  if (agent.cap !== undefined && BigInt(offer.amount) > agent.cap) throw new Error('the price is above the cap')
  const headers = { ...init.headers, [PAYMENT_HEADERS[agent.protocol]]: await agent.sign(offer) }
  return recorder.answer(await readResponse(await recorder.fetch(url, { ...init, headers })), decodeJson<Receipt>)
}

function offersOf(protocol: 'v1' | 'v2', { body, header }: Awaited<ReturnType<typeof readResponse>>): Offer[] {
  if (protocol === 'v2') return decodeJson<{ accepts: Offer[] }>(header('PAYMENT-REQUIRED') ?? '').accepts
  const { accepts } = body as { accepts: OfferV1[] }
  return accepts.map(({ maxAmountRequired, ...rest }) => ({ ...rest, amount: maxAmountRequired }))
}
