import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { v1NameOf } from '../../domain/chains.ts'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { Offer } from '../../domain/quote.ts'
import type { Attempt, SettleOutcome } from '../../domain/settlement.ts'
import type { Facilitator, Journal } from '../../ports/facilitator.ts'
import type { Log } from '../../ports/log.ts'
import { askChain, type Network } from '../../ports/network.ts'
import { writePayment, writeRequirements } from '../../wire/facilitator.ts'
import { preflight } from '../preflight.ts'
import { type FacilitatorApi, openFacilitatorApi } from './api.ts'

const SUPPORTED_EVERY_MS = 30_000
const SUPPORTED_RETRY_MS = 2_000
const CONFIRM_POLL_MS = 250

const settledAnswer = z.object({
  success: z.boolean(),
  transaction: z.string().nullish(),
})

/**
 * Settles through somebody else's x402 facilitator (`POST /settle`, `GET /supported`).
 *
 * `POST /verify` is not used: our own node says as much, and what was shown to a facilitator could be settled by it.
 *
 * It is never taken at its word: neither its success nor its failure counts until our own node has shown it (threats T7).
 */
export async function remoteFacilitator(
  url: string,
  network: Network,
  log: Log,
  confirmMs: number,
): Promise<Facilitator> {
  const api = openFacilitatorApi(url)
  const kinds = watchSupported(api, network, log)
  // What it can settle is known before the first quote; one that does not answer yet is asked again later.
  await kinds.refresh()
  return {
    extra: kinds.extra,
    async settle(payment, offer, journal) {
      const refused = await preflight(network, payment)
      if (refused) return refused
      const position = await network.position().catch(() => undefined)
      if (!position) return { outcome: 'unavailable', code: 'chain_unavailable' }
      return send(
        api,
        network,
        payment,
        offer,
        { via: 'remote', transaction: undefined, raw: undefined, ...position },
        journal,
        confirmMs,
      )
    },
    async inspect() {
      await kinds.refresh()
      const supported = kinds.extra() !== undefined
      return [
        {
          ok: supported,
          what: `facilitator ${new URL(url).origin} ${supported ? 'settles' : 'does not settle or does not answer for'} ${network.id}`,
          fix: 'name a facilitator whose /supported lists this network',
        },
      ]
    },
    close() {
      kinds.stop()
      return api.close()
    },
  }
}

const bodyOf = ({ payment }: IdentifiedPayment, offer: Offer) => ({
  x402Version: payment.version,
  paymentPayload: writePayment(payment),
  paymentRequirements: writeRequirements(offer, payment.version),
})

async function send(
  api: FacilitatorApi,
  network: Network,
  payment: IdentifiedPayment,
  offer: Offer,
  attempt: Attempt,
  journal: Journal,
  confirmMs: number,
): Promise<SettleOutcome> {
  if (!(await journal(attempt))) return { outcome: 'unavailable', code: 'store_unavailable' }
  const answer = settledAnswer.safeParse(await api.post('/settle', bodyOf(payment, offer)))
  const hint = answer.success ? (answer.data.transaction ?? undefined) : undefined
  for (const until = Date.now() + confirmMs; Date.now() < until; await sleep(CONFIRM_POLL_MS)) {
    const found = await askChain(network, payment, attempt, hint)
    if (found.outcome === 'settled') return found
    // It said that it failed: the chain does not contradict it now, but may yet. There is nothing to wait for here.
    if (answer.success && !answer.data.success) break
  }
  return { outcome: 'unknown' }
}

const supportedAnswer = z.object({
  kinds: z.array(
    z.object({
      x402Version: z.number().optional(),
      scheme: z.string(),
      network: z.string(),
      extra: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
})

/** Knows what the facilitator can settle; while it does not answer, its offers are withdrawn. */
function watchSupported(api: FacilitatorApi, network: Network, log: Log) {
  const names = new Set<string>([network.id, v1NameOf(network.id) ?? network.id])
  let extra: Readonly<Record<string, string>> | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const refresh = async () => {
    const answer = supportedAnswer.safeParse(await api.get('/supported'))
    const kind = answer.success
      ? answer.data.kinds.find(({ scheme, network: name }) => scheme === 'exact' && names.has(name))
      : undefined
    const before = extra !== undefined
    extra = kind && feePayerOf(kind.extra ?? {})
    if (before !== (extra !== undefined))
      log.warn({ network: network.id, offered: extra !== undefined }, 'facilitator support changed')
    clearTimeout(timer)
    if (stopped) return
    timer = setTimeout(refresh, extra ? SUPPORTED_EVERY_MS : SUPPORTED_RETRY_MS)
    timer.unref()
  }
  return {
    refresh,
    extra: () => extra,
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** Only `feePayer` is taken over: the rest of a facilitator's words has no place in our terms. */
function feePayerOf({ feePayer }: Readonly<Record<string, unknown>>): Record<string, string> {
  return typeof feePayer === 'string' ? { feePayer } : {}
}
