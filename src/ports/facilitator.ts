import type { IdentifiedPayment } from '../domain/payment.ts'
import type { Offer } from '../domain/quote.ts'
import type { Attempt, SettleOutcome } from '../domain/settlement.ts'
import type { Finding } from './network.ts'

/**
 * Writes down what is about to be sent, before it is.
 *
 * @returns false when the claim is no longer ours: nothing may be sent.
 */
export type Journal = (attempt: Attempt) => Promise<boolean>

/** Puts a payment on chain: our own relayer, or a remote service. */
export interface Facilitator {
  /** What its offers must carry (`feePayer` on Solana); undefined while it cannot settle, which withdraws the offer. */
  extra(): Readonly<Record<string, string>> | undefined

  /**
   * Every `extra` that a payment may still name: the offered one first, then those offered lately that can settle now. A
   * payment settles only where it names (failover happens at quote time).
   */
  honoured(): readonly Readonly<Record<string, string>>[]

  /**
   * Settles one payment. What cannot be told apart from success or failure is `unknown`.
   *
   * `journal` is called before each time that something could reach the chain or leave the house.
   */
  settle(payment: IdentifiedPayment, offer: Offer, journal: Journal): Promise<SettleOutcome>

  /** Sends once more what an attempt has written down, where that is ours to send; what comes of it is for the chain to say. */
  resend(attempt: Attempt): Promise<void>

  /** What an operator should know: reachable, funded, supported. */
  inspect(): Promise<readonly Finding[]>

  close(): Promise<void>
}
