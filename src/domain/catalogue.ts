import type { Offer } from './quote.ts'

/** What a route takes: checked on paid requests before they cost anything. */
export interface InputRules {
  /** Keys that the query may hold once only; undefined when the route declares nothing about its query. */
  readonly singleKeys: ReadonlySet<string> | undefined
  /** True when the body must be JSON. */
  readonly jsonBody: boolean
  /** Each returns what is wrong, or undefined. */
  query(values: Readonly<Record<string, unknown>>): string | undefined
  body(value: unknown): string | undefined
}

export type SettleMode = 'before' | 'parallel' | 'after'

/** One operation that is sold or given away. */
export interface Route {
  /** `GET /v2/quantmetrics`, as in pricing.json. */
  readonly key: string
  readonly method: string
  readonly path: string
  readonly upstream: string
  readonly free: boolean
  /** When to settle: before the upstream is called, while it answers, or once its answer is held. */
  readonly settle: SettleMode
  /** Whether the client may or must name its call (x402 extension `payment-identifier`). */
  readonly identifier: 'optional' | 'required'
  /** The longest wait for the upstream, in ms. */
  readonly timeoutMs: number
  readonly description: string
  readonly mimeType: string
  readonly input: InputRules
  /** Its price in every accepted asset, without what its facilitator adds to `extra`. */
  readonly prices: readonly Offer[]
}

/** Everything sold, as one version of the price list has it. */
export interface Catalogue {
  /** Changes whenever any price, payee or route does. */
  readonly version: string
  /** path → method → route */
  readonly routes: ReadonlyMap<string, ReadonlyMap<string, Route>>
  readonly skewSeconds: number
  readonly maxBodyBytes: number
  readonly leaseMs: number
}
