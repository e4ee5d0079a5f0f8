import type { Route, SettleMode } from '../domain/catalogue.ts'
import { type Caip2, seconds } from '../domain/ids.ts'
import type { IdentifiedPayment } from '../domain/payment.ts'
import type { Offer } from '../domain/quote.ts'
import type { PaymentRecord } from '../domain/record.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Attempt, Settlement, SettleOutcome } from '../domain/settlement.ts'
import type { Claim } from '../ports/claim.ts'
import type { Facilitator } from '../ports/facilitator.ts'
import { askChain, type Network } from '../ports/network.ts'
import { StoreUnavailable } from '../ports/store.ts'

const ASK_AGAIN = seconds(2)
/** A payer with this many unsettled payments is served only what is settled first, whatever the route allows. */
const MOST_UNSETTLED = 4

/** In which order a payment is settled and forwarded: only a new one of a payer who leaves little unsettled may be forwarded first. */
export function settleMode({ settle }: Pick<Route, 'settle'>, { found }: Claim): SettleMode {
  return found.kind === 'new' && found.unsettled < MOST_UNSETTLED ? settle : 'before'
}

/**
 * Has the payment settled before anything is served.
 *
 * A new payment is sent; of one that an earlier try left open the chain is asked, and the bytes of that try may be sent once
 * more; one that is owed its service is settled already.
 *
 * @param offer what a new payment takes up
 * @param simulated it was seen to be unspent under this claim: found spent now, it was spent for this call
 * @param sending called once when the payment is about to be sent: it passed the simulation and is written down
 */
export async function settle(
  claim: Claim,
  payment: IdentifiedPayment,
  offer: Offer | undefined,
  facilitators: ReadonlyMap<Caip2, Facilitator>,
  networks: ReadonlyMap<Caip2, Network>,
  sending: () => void,
  simulated: boolean,
): Promise<Settlement | Refusal> {
  const { found } = claim
  const { network: id } = payment.transfer
  const network = networks.get(id) as Network
  const facilitator = facilitators.get(id) as Facilitator
  if (found.kind === 'owed') return found.settlement
  if (found.kind === 'unresolved') return resolve(claim, payment, found.record, network, facilitator)
  let written = false
  let lost = false
  const outcome = await facilitator.settle(payment, offer as Offer, async (attempt) => {
    const kept = await journal(claim, attempt)
    lost = kept === false
    if (kept === true && !written) sending()
    // A store that did not answer may have written it, and the reconciler may send it.
    written ||= kept !== false
    return kept === true
  })
  // Somebody else works on it by now, and may be charging for it.
  if (lost && outcome.outcome !== 'settled') return refuse('payment_in_flight', { retryAfter: ASK_AGAIN })
  if (simulated && outcome.outcome === 'refused' && outcome.code === 'payment_already_used')
    return overtaken(claim, payment, network)
  // What was written down may have left the house: its key is never free again, whatever the facilitator says.
  const loose = written && (outcome.outcome === 'unavailable' || outcome.outcome === 'refused')
  return close(claim, loose ? { outcome: 'unknown' } : outcome)
}

/** Somebody else has submitted the authorization while its call was under way (anybody can, EIP-3009): the chain says what it moved. */
async function overtaken(claim: Claim, payment: IdentifiedPayment, network: Network): Promise<Settlement | Refusal> {
  const attempt: Attempt = {
    via: 'remote',
    transaction: undefined,
    raw: undefined,
    fromBlock: undefined,
    lastValidBlockHeight: undefined,
  }
  if (!(await claim.move({ to: 'settling', learnt: { attempt } })))
    return refuse('payment_in_flight', { retryAfter: ASK_AGAIN })
  const found = await askChain(network, payment, attempt)
  return close(claim, found.outcome === 'settled' ? found : { outcome: 'unknown' })
}

/** What is about to be sent is written down first; a store that cannot take it stops the sending. */
async function journal(claim: Claim, attempt: Attempt): Promise<boolean | 'no-answer'> {
  try {
    return await claim.move({ to: 'settling', learnt: { attempt } })
  } catch (error) {
    if (error instanceof StoreUnavailable) return 'no-answer'
    throw error
  }
}

/** Asks the chain about a payment that an earlier try left open; nothing new is sent for it (an unknown outcome is never guessed). */
async function resolve(
  claim: Claim,
  payment: IdentifiedPayment,
  record: PaymentRecord,
  network: Network,
  facilitator: Facilitator,
): Promise<Settlement | Refusal> {
  if (record.attempt) await facilitator.resend(record.attempt)
  const found = await askChain(network, payment, record.attempt)
  switch (found.outcome) {
    case 'settled': {
      const { settlement } = found
      if (!record.tries) return recordSettled(claim, settlement)
      // Reopened by a reorg after it was served: its tries and its kept answer count on, for the next call.
      await claim.move({ to: 'credited', learnt: { settlement } })
      return refuse('payment_in_flight', { charged: 'yes', settlement, retryAfter: ASK_AGAIN })
    }
    case 'void':
      await claim.move({ to: 'void' })
      return refuse('payment_expired')
    case 'unspent':
    case 'unknown':
      await claim.move({ to: 'unknown' })
      // Mined without moving anything: not charged, but the key stays closed until the authorization has ended.
      if (found.outcome === 'unspent' && record.reverted) return refuse('invalid_transaction_state')
      return refuse('settlement_pending', { retryAfter: ASK_AGAIN })
  }
}

async function close(claim: Claim, outcome: SettleOutcome): Promise<Settlement | Refusal> {
  switch (outcome.outcome) {
    case 'settled':
      return recordSettled(claim, outcome.settlement)
    case 'refused':
    case 'unavailable':
      // Whoever has taken it over may have sent it.
      if (!(await claim.release())) return refuse('payment_in_flight', { retryAfter: ASK_AGAIN })
      return refuse(outcome.code)
    case 'reverted':
      await claim.move({ to: 'unknown', learnt: { reverted: true } })
      return refuse('invalid_transaction_state', {
        detail: `Transaction ${outcome.transaction} was mined and moved nothing.`,
      })
    case 'unknown':
      await claim.move({ to: 'unknown' })
      return refuse('settlement_pending', { retryAfter: ASK_AGAIN })
  }
}

/** A settlement that cannot be recorded is not served: the record says `settling`, and the chain is asked by the next try. */
async function recordSettled(claim: Claim, settlement: Settlement): Promise<Settlement | Refusal> {
  try {
    if (await claim.move({ to: 'settled', learnt: { settlement } })) return settlement
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
  }
  return refuse('settlement_pending', { charged: 'yes', settlement, retryAfter: ASK_AGAIN })
}
