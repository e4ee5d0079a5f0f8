import type { PaymentKey } from '../domain/ids.ts'
import type { Store } from '../ports/store.ts'

/**
 * Whether the store knows a payment already. A known one is answered from its record: its time, price and schema were
 * checked when it was claimed, and a credit outlives its authorization.
 */
export async function recall(store: Store, key: PaymentKey): Promise<boolean> {
  return (await store.read(key)) !== undefined
}
