import type { PaymentKey } from '../../../src/domain/ids.ts'
import type { PaymentState } from '../../../src/domain/record.ts'
import type { Got, SimClient, UpstreamMood, Written } from './parts.ts'
import type { Encoding, Signed } from './payments.ts'

/** One call, and what became of it. */
export interface Call {
  readonly payer: string
  readonly target: string
  readonly signed: Signed
  readonly encoding: Encoding
  readonly key: PaymentKey
  readonly client: SimClient
  got: Got | undefined
  /** When it was answered: whether the chain held its payment's transfer, and what its record said. */
  answered:
    | { readonly settled: boolean; readonly state: PaymentState | undefined; readonly reverted: boolean }
    | undefined
  /** What the record of the payment that was served said, when the instance had gone to the end of the line. */
  ended: { readonly state: PaymentState | undefined } | undefined
  /** The store failed or was lost while it was under way, or its lease may have run out. */
  troubled: boolean
}

/** A call of the upstream. */
export interface Hit {
  readonly payment: string
  readonly target: string
  readonly mood: UpstreamMood
  readonly headers: string
  /** Whether the chain had held the transfer when the upstream was called, and what the record said. */
  readonly settled: boolean
  state: PaymentState | undefined
}

/** First bytes of an upstream's response that a caller got. */
export interface Begun extends Written {
  readonly call: Call
  /** Whether the chain had held the transfer by then. */
  readonly settled: boolean
  /** How long ago the store had said that the claim was held, in ms. */
  readonly looked: number
}
