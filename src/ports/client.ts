import type { Readable } from 'node:stream'
import type { HeaderFields } from './upstream.ts'

/** How a response ended. Only `complete` counts as delivered. */
export type Delivery = 'complete' | 'client-gone' | 'upstream-broke' | 'lease-lost'

/** The caller's end of the connection. Exactly one of the two may be called, once. */
export interface Client {
  /** Aborts when the caller hangs up. */
  readonly gone: AbortSignal
  /** Sends a whole answer of the gateway's own. */
  answer(status: number, headers: HeaderFields, body: string | Uint8Array): void
  /**
   * Streams an upstream's response; a response that breaks off is cut, so that it never looks complete.
   *
   * @param lost aborts when the payment belongs to somebody else by now: the connection is cut
   */
  stream(status: number, headers: HeaderFields, body: Readable, lost?: AbortSignal): Promise<Delivery>
}
