import type { AtomicUnits, Caip2, PaymentKey, Seconds } from './ids.ts'

/** The x402 protocol version a payment or a refusal is written in. */
export type ProtocolVersion = 1 | 2

/** The terms a v2 client echoes in `accepted` (x402 v2, PaymentRequirements). v1 clients echo none. */
export interface EchoedTerms {
  readonly scheme: string
  readonly network: Caip2
  readonly amount: AtomicUnits
  readonly asset: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly extra: Readonly<Record<string, unknown>> | undefined
}

/** EIP-3009 `TransferWithAuthorization`, as signed by the payer. Addresses are lower case, the nonce 32 bytes of lower-case hex. */
export interface Eip3009Authorization {
  readonly kind: 'eip3009'
  readonly from: string
  readonly to: string
  readonly value: AtomicUnits
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly nonce: string
  readonly signature: Uint8Array
}

/** A partially signed Solana transaction that moves the amount; the fee payer's signature is still missing. */
export interface SolanaTransaction {
  readonly kind: 'solana-transaction'
  /** The whole wire transaction as the client sent it. */
  readonly wire: Uint8Array
}

export type Authorization = Eip3009Authorization | SolanaTransaction

/** What the payment header said, in canonical form and nothing proven yet. */
export interface Payment {
  readonly version: ProtocolVersion
  readonly scheme: string
  readonly network: Caip2
  /** Present in v2 alone. */
  readonly accepted: EchoedTerms | undefined
  readonly authorization: Authorization
  /** The client's own name for the call (x402 extension `payment-identifier`); v2 alone. */
  readonly identifier?: string | undefined
}

/** The facts an authorization states once its signature is proven; what `check` compares with a quote, and the chain is asked about. */
export interface Transfer {
  readonly kind: Authorization['kind']
  readonly network: Caip2
  readonly asset: string
  readonly from: string
  /** The owner that receives: an address, on Solana the owner of the token account. */
  readonly to: string
  readonly amount: AtomicUnits
  /** By what the chain tells it from others: the EIP-3009 nonce in lower-case hex, or the hash of the Solana message. */
  readonly nonce: string
  /** The time window that was signed; on Solana there is none, a blockhash ends by itself. */
  readonly window: { readonly validAfter: bigint; readonly validBefore: bigint } | undefined
  /** When the chain has surely ceased to accept it: an upper bound, for how long it must be remembered. */
  readonly endsBy: Seconds
}

/** A payment whose signer is proven: only now may state be kept under its key (threats T12). */
export interface IdentifiedPayment {
  readonly payment: Payment
  readonly key: PaymentKey
  /** Digest of all that was signed. Two EIP-3009 authorizations can share a nonce and so a key; they never share this. */
  readonly signed: string
  readonly payer: string
  readonly transfer: Transfer
  /** Solana alone: what the transaction asks of the fee payer. */
  readonly sponsored: SponsoredFees | undefined
}

/** What the chain can be asked about a payment; no signature in it, so that its record may hold it. */
export type Traced = Pick<IdentifiedPayment, 'key' | 'payer' | 'transfer'>

/** What a Solana payer asks its sponsor to pay for. */
export interface SponsoredFees {
  readonly feePayer: string
  readonly computeUnitLimit: number
  readonly computeUnitPriceMicroLamports: bigint
  readonly signatures: number
}
