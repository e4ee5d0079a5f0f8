import type { AtomicUnits, Caip2 } from './ids.ts'

/** One way to pay for a call: an amount of one asset on one network. */
export interface Offer {
  readonly scheme: 'exact'
  readonly network: Caip2
  /** The v1 name of the network (`base-sepolia`), absent where v1 has none: such an offer is v2 only. */
  readonly v1Network: string | undefined
  /** Contract address or mint, spelled as configured. */
  readonly asset: string
  /** The symbol of the asset in the price list, for people and logs. */
  readonly symbol: string
  readonly decimals: number
  readonly amount: AtomicUnits
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  /** Scheme data the client needs: the EIP-712 domain (EVM) or the fee payer (Solana). Never empty. */
  readonly extra: Readonly<Record<string, string>>
}

/** What a call costs: every offer of one price version. */
export interface Quote {
  readonly version: string
  readonly offers: readonly Offer[]
  /** What a payment may take up: the offers, and what was offered lately and is still honoured. */
  readonly honoured: readonly Offer[]
  readonly description: string
  readonly mimeType: string
  /** Whether the route takes a payment identifier (x402 extension), and whether it insists on one. */
  readonly identifier: 'optional' | 'required'
}
