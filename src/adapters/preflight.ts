import type { IdentifiedPayment } from '../domain/payment.ts'
import type { SettleOutcome } from '../domain/settlement.ts'
import { ChainUnavailable, type Network } from '../ports/network.ts'

/** What keeps a payment from being settled at all, found out on our own node while nothing is at stake. */
export async function preflight(network: Network, payment: IdentifiedPayment): Promise<SettleOutcome | undefined> {
  try {
    const code = await network.preflight(payment)
    return code && { outcome: 'refused', code }
  } catch (error) {
    if (error instanceof ChainUnavailable) return { outcome: 'unavailable', code: 'chain_unavailable' }
    throw error
  }
}
