import { request as connectHttp, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { decode, type WireOffer } from '../support/evm-payment.ts'
import type { Chain, Signed } from './chains.ts'
import type { AnswerFacts, Ending } from './history.ts'
import type { Random } from './random.ts'

/**
 * How an agent goes on after it got no answer, or none it can use.
 *
 * - `same`: does as the hint says, with the payment it signed, until it is told to sign another.
 * - `anew`: a wrapper around an HTTP client; the call failed, so it calls again and signs again.
 * - `silent`: never comes back.
 */
export type AgentKind = 'same' | 'anew' | 'silent'

/** The request it buys. */
export interface Purchase {
  readonly method: 'GET' | 'POST'
  readonly target: string
  readonly body?: string
}

export interface Agent {
  readonly kind: AgentKind
  /** Hangs up on its first request before it is answered whole. */
  readonly hangsUp: boolean
  readonly purchase: Purchase
  readonly url: string
  readonly chain: Chain
  readonly offer: WireOffer
  readonly random: Random
  /** Resolves when there is a gateway to talk to. */
  readonly up: () => Promise<void>
}

export interface Bought {
  readonly signed: readonly Signed[]
  readonly answers: readonly AnswerFacts[]
  readonly ending: Ending
}

const PATIENCE_MS = 20_000
const MAX_SIGNATURES = 40
const LONGEST_WAIT_MS = 1_000
const SHORTEST_WAIT_MS = 50

/** Buys one response, and comes back until it has it, is refused for good, or its patience is at an end. */
export async function buy(agent: Agent): Promise<Bought> {
  const { kind, chain, offer, random, up } = agent
  const signed: Signed[] = [await chain.sign(offer)]
  const answers: AnswerFacts[] = []
  const ends = (ending: Ending): Bought => ({ signed, answers, ending })
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    const payment = signed.at(-1) as Signed
    const hangUp = agent.hangsUp && answers.length === 0 ? random.pick(['sent', 'head'] as const) : undefined
    const { retryAfterMs, ...answer } = await ask(agent, payment, hangUp)
    answers.push(answer)
    if (answer.complete && answer.serial !== undefined) return ends('served')
    if (kind === 'silent') return ends('silent')
    const { status = 0, code } = answer
    if (status !== 402 && status < 500 && status !== 409 && status >= 300) return ends('refused')
    if (code === 'payment_already_used' || code === 'delivery_exhausted') return ends('refused')
    const isToldToSign = status === 402
    await up()
    if (isToldToSign || (kind === 'anew' && random.chance(0.8))) {
      if (signed.length === MAX_SIGNATURES) return ends('gave-up')
      signed.push(await chain.sign(offer))
    }
    const patient = retryAfterMs ?? SHORTEST_WAIT_MS
    await sleep(Math.min(LONGEST_WAIT_MS, kind === 'anew' ? SHORTEST_WAIT_MS + random.below(patient) : patient))
  }
  return ends('gave-up')
}

/** One request with a payment. */
export function ask(
  { url, purchase, random }: Pick<Agent, 'url' | 'purchase' | 'random'>,
  payment: Signed,
  hangUp?: 'sent' | 'head',
): Promise<AnswerFacts & { readonly retryAfterMs?: number }> {
  const nothing = { payment: payment.id, complete: false } as const
  const silence = { status: undefined, serial: undefined, transaction: undefined, code: undefined, hint: undefined }
  return new Promise((resolve) => {
    const request = connectHttp(new URL(purchase.target, url), {
      method: purchase.method,
      agent: false,
      headers: {
        'payment-signature': payment.header,
        ...(purchase.body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(purchase.body),
        }),
      },
    })
    request.once('error', () => resolve({ ...nothing, ...silence }))
    request.once('response', (response) => {
      if (hangUp === 'head') request.destroy()
      void read(response).then((text) => resolve(factsOf(payment, response, text)))
    })
    request.end(purchase.body)
    if (hangUp === 'sent') setTimeout(() => request.destroy(), random.below(30))
  })
}

/** The whole body, or undefined when it broke off. */
async function read(response: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of response) pieces.push(piece as Buffer)
  } catch {
    return undefined
  }
  return response.complete ? Buffer.concat(pieces).toString() : undefined
}

function factsOf(payment: Signed, { statusCode, headers }: IncomingMessage, text: string | undefined) {
  const receipt = headers['payment-response']
  const json = text?.startsWith('{') ? (JSON.parse(text) as { serial?: number; code?: string; hint?: string }) : {}
  const seconds = Number(headers['retry-after'])
  return {
    payment: payment.id,
    status: statusCode,
    complete: text !== undefined,
    serial: json.serial,
    transaction: receipt === undefined ? undefined : transactionOf(receipt.toString()),
    code: json.code,
    hint: json.hint,
    ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }),
  }
}

/** Which transaction a receipt names. */
export function transactionOf(receipt: string): string {
  return decode<{ transaction: string }>(receipt).transaction
}
