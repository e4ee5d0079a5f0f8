import type { Caip2 } from '../domain/ids.ts'
import type { IdentifiedPayment, Payment } from '../domain/payment.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Network } from '../ports/network.ts'

/** Proves the signer of a payment and forms its canonical key; see Network.identify. */
export function identify(payment: Payment, networks: ReadonlyMap<Caip2, Network>): IdentifiedPayment | Refusal {
  const network = networks.get(payment.network)
  return network ? network.identify(payment) : refuse('invalid_network')
}
