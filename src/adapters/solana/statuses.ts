import type { Rpc } from '../rpc.ts'
import { isConfirmed } from './chain.ts'
import { type SignatureStatus, statuses } from './shapes.ts'

/** How a sent transaction ended, as far as the node can tell. */
export type TransactionEnd =
  | { readonly end: 'confirmed'; readonly slot: number }
  | { readonly end: 'failed' | 'unknown' }

/** Watches sent transactions, all of them with one call to the node at a time. */
export interface Statuses {
  /** Resolves when the transaction is confirmed or has failed, or with `unknown` when time runs out. */
  wait(signature: string, timeoutMs: number): Promise<TransactionEnd>
}

const POLL_MS = 100
/** getSignatureStatuses takes at most 256. */
const BATCH = 256

export function watchStatuses(rpc: Rpc): Statuses {
  const watched = new Map<string, { until: number; done: (end: TransactionEnd) => void }>()
  let polling = false

  const settle = (signature: string, end: TransactionEnd) => {
    watched.get(signature)?.done(end)
    watched.delete(signature)
  }
  const look = async () => {
    const batch = [...watched.keys()].slice(0, BATCH)
    const found = await ask(rpc, batch)
    for (const [index, signature] of batch.entries()) {
      const status = found[index]
      const entry = watched.get(signature)
      if (status && isConfirmed(status))
        settle(signature, status.err == null ? { end: 'confirmed', slot: status.slot } : { end: 'failed' })
      else if (entry) {
        // To the end of the queue, so that each gets its turn.
        watched.delete(signature)
        watched.set(signature, entry)
      }
    }
    for (const [signature, { until }] of watched) if (until < Date.now()) settle(signature, { end: 'unknown' })
    polling = watched.size > 0
    if (polling) setTimeout(look, POLL_MS)
  }

  return {
    wait(signature, timeoutMs) {
      return new Promise((done) => {
        watched.set(signature, { until: Date.now() + timeoutMs, done })
        if (polling) return
        polling = true
        setTimeout(look, 0)
      })
    },
  }
}

/** A node that does not answer tells nothing: the transactions stay watched. */
async function ask(rpc: Rpc, signatures: readonly string[]): Promise<readonly (SignatureStatus | null)[]> {
  try {
    return (await rpc.call('getSignatureStatuses', [signatures], statuses)).value
  } catch {
    return []
  }
}
