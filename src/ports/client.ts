import type { Readable } from 'node:stream'
import type { HeaderFields } from './upstream.ts'

/** How a response ended. Only `complete` counts as delivered. */
export type Delivery = 'complete' | 'client-gone' | 'upstream-broke' | 'lease-lost'

/** A response ready to be handed out: header fields as the payer will see them, the receipt aside. */
export interface Outgoing {
  readonly status: number
  readonly headers: HeaderFields
  readonly body: Readable
  /** Whether it counts as delivered though it ended early: an event stream does from its first event on. */
  readonly countsEarly: () => boolean
}

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
