import { setTimeout as sleep } from 'node:timers/promises'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { Attempt, LookupOutcome } from '../../domain/settlement.ts'
import type { Facilitator } from '../../ports/facilitator.ts'
import type { Log } from '../../ports/log.ts'
import { askChain, type Network } from '../../ports/network.ts'
import { preflight } from '../preflight.ts'
import type { Leave, Verdict } from './breaker.ts'
import { openRemote, type Remote, type Said } from './remote.ts'

const SETTLE_TIMEOUT_MS = 10_000
const FIRST_LOOK_AGAIN_MS = 250
const LONGEST_PAUSE_MS = 1_000

/**
 * Settles through other people's x402 facilitators (`POST /settle`, `GET /supported`), in the order of preference given.
 *
 * Offers are those of the first that can settle now. Which one settles a payment is decided once, before anything is written
 * down: on Solana the one whose fee payer it names, elsewhere the first that answers. A dead one is found there, and the key
 * stays free. From the journal on every failure is `unknown`, a refused connection too: nobody else is asked, then or later,
 * and the chain alone says what came of it.
 *
 * `POST /verify` is not used: our own node says as much, and what was shown to a facilitator could be settled by it.
 *
 * None is taken at its word: neither its success nor its failure counts until our own node has shown it (threats T7).
 */
export async function remoteFacilitators(
  urls: readonly string[],
  network: Network,
  log: Log,
  confirmMs: number,
): Promise<Facilitator> {
  const remotes = urls.map((url) => openRemote(url, network, log))
  const extra = () => remotes.map((remote) => remote.extra()).find((one) => one !== undefined)
  // What they can settle is known before the first quote; one that does not answer yet is asked again later.
  await Promise.all(remotes.map((remote) => remote.check()))
  return {
    extra,
    honoured() {
      const offered = extra()
      const all = [...(offered ? [offered] : []), ...remotes.flatMap((remote) => remote.honoured())]
      return [...new Map(all.map((one) => [one['feePayer'], one])).values()]
    },
    async settle(payment, offer, journal) {
      const [refused, position] = await Promise.all([
        preflight(network, payment),
        network.position().catch(() => undefined),
      ])
      if (refused) return refused
      if (!position) return { outcome: 'unavailable', code: 'chain_unavailable' }
      const chosen = await choose(remotes, payment)
      if (!chosen) return { outcome: 'unavailable', code: 'facilitator_unavailable' }
      const { remote, leave } = chosen
      const made = { transaction: undefined, raw: undefined }
      const attempt: Attempt = { via: 'remote', facilitator: remote.origin, ...made, ...position }
      let verdict: Verdict = 'neither'
      try {
        if (!(await journal(attempt))) return { outcome: 'unavailable', code: 'store_unavailable' }
        const until = Date.now() + confirmMs
        const said = await remote.settle(payment, offer, Math.min(confirmMs, SETTLE_TIMEOUT_MS))
        const found = await confirm(network, payment, attempt, said, until)
        verdict = await judge(network, payment, said, found)
        return found.outcome === 'settled' ? found : { outcome: 'unknown' }
      } finally {
        leave(verdict)
      }
    },
    // What was handed to somebody else is theirs to send.
    resend: async () => undefined,
    async inspect() {
      await Promise.all(remotes.map((remote) => remote.check()))
      return remotes.map((remote) => {
        const ok = remote.extra() !== undefined
        return {
          ok,
          what: `facilitator ${remote.origin} ${ok ? 'settles' : 'does not settle or does not answer for'} ${network.id}`,
          fix: 'name a facilitator whose /supported lists this network',
        }
      })
    },
    async close() {
      await Promise.all(remotes.map((remote) => remote.close()))
    },
  }
}

async function choose(
  remotes: readonly Remote[],
  payment: IdentifiedPayment,
): Promise<{ remote: Remote; leave: Leave } | undefined> {
  for (const remote of remotes) {
    const leave = await remote.begin(payment)
    if (leave) return { remote, leave }
  }
  return undefined
}

/** Asks the chain until it shows the transfer or the time is over; at least once. */
async function confirm(
  network: Network,
  payment: IdentifiedPayment,
  attempt: Attempt,
  said: Said | undefined,
  until: number,
): Promise<LookupOutcome> {
  const hint = said?.transaction || undefined
  // It says that it failed, and names nothing it sent: the chain may contradict it yet, but there is nothing to wait for here.
  const given = said?.success === false && !hint
  for (let pause = FIRST_LOOK_AGAIN_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const found = await askChain(network, payment, attempt, hint)
    if (found.outcome === 'settled' || given || Date.now() + pause > until) return found
    await sleep(pause)
  }
}

/**
 * What a settlement says about the facilitator. A failure that our own node would have had too is the payer's doing, who
 * could otherwise shut a facilitator for everybody; where the chain does not answer nobody can tell.
 */
async function judge(
  network: Network,
  payment: IdentifiedPayment,
  said: Said | undefined,
  found: LookupOutcome,
): Promise<Verdict> {
  if (!said) return 'bad'
  if (found.outcome === 'settled') return 'good'
  if (found.outcome === 'unknown') return 'neither'
  if (said.success) return 'bad'
  return (await preflight(network, payment)) ? 'neither' : 'bad'
}
