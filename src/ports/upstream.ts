import type { Readable } from 'node:stream'
import type { PricedRequest } from '../domain/request.ts'

/** Header fields in order; a name may come more than once. */
export type HeaderFields = readonly (readonly [name: string, value: string])[]

export interface UpstreamRequest {
  readonly request: Pick<PricedRequest, 'method' | 'target'>
  readonly headers: HeaderFields
  /** Bytes of a paid request, or the stream of a free one. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined
  readonly signal: AbortSignal
}

export interface UpstreamResponse {
  readonly status: number
  readonly headers: HeaderFields
  readonly body: Readable
}

/** An upstream's 2xx to 4xx is what the payer bought; 408 and 429 are the upstream's own trouble. */
export function isDelivery(status: number): boolean {
  return status >= 200 && status < 500 && status !== 408 && status !== 429
}

/** An API behind the gateway. */
export interface Upstream {
  /**
   * Sends exactly the target that was priced to the configured origin.
   *
   * @throws UpstreamUnavailable when no complete response head came in time.
   */
  send(request: UpstreamRequest): Promise<UpstreamResponse>
  close(): Promise<void>
}

export class UpstreamUnavailable extends Error {
  override readonly name = 'UpstreamUnavailable'
}
