import type { Caip2, Milliseconds } from '../../domain/ids.ts'
import type { Network } from '../../ports/network.ts'
import { type Books, isPending } from './books.ts'
import type { Pending } from './verification.ts'

/** A payment that is open, and whether it should not be any more. */
export interface OpenPayment extends Omit<Pending, 'transaction'> {
  readonly overdue: boolean
}

/** How often over a chain's time to finality may pass after an authorization has ended, before something must be wrong. */
const PATIENCE = 2

/**
 * Payments that are open by the ledger.
 *
 * Once an authorization has ended and the chain is final past that moment, it is either settled or void, and so is a refund
 * that was begun: what is still open twice that long after its end and its last move is overdue. A network that is not configured any more has no time to give.
 */
export function openPayments(
  books: Books,
  networks: ReadonlyMap<Caip2, Pick<Network, 'finality'>>,
  now: Milliseconds,
): OpenPayment[] {
  return [...books.values()].filter(isPending).flatMap(({ key, state, terms, at }) => {
    if (!terms) return []
    const { network, asset, to, amount, endsBy } = terms.transfer
    const patience = PATIENCE * (networks.get(network)?.finality ?? 0)
    return [
      {
        network,
        asset,
        payee: to,
        payment: key,
        state,
        amount,
        overdue: now > Math.max(endsBy * 1_000, at) + patience,
      },
    ]
  })
}
