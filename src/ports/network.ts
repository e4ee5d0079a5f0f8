import type { Caip2, Milliseconds } from '../domain/ids.ts'
import type { IdentifiedPayment, Payment, Traced } from '../domain/payment.ts'
import type { ProblemCode } from '../domain/problems.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Attempt, LookupOutcome, Settlement } from '../domain/settlement.ts'

/** One thing an operator should know about a network before or while selling on it. */
export interface Finding {
  readonly ok: boolean
  readonly what: string
  /** What to do about it; one line. */
  readonly fix?: string
  /** The configuration contradicts the chain: selling would go wrong, so the gateway does not start. */
  readonly fatal?: boolean
}

/** A chain as the gateway sees it through its own node: who signed, and what really happened. */
export interface Network {
  readonly id: Caip2

  /**
   * Proves who signed and forms the canonical key. CPU only: no network, no state.
   *
   * A payment that is not proven is refused here, so that nobody can lock a stranger's nonce (threats T12).
   */
  identify(payment: Payment): IdentifiedPayment | Refusal

  /**
   * Has our node run the settlement without sending it.
   *
   * @returns why the chain would refuse it, or undefined
   * @throws ChainUnavailable
   */
  preflight(payment: IdentifiedPayment): Promise<ProblemCode | undefined>

  /**
   * Asks the chain what became of a payment.
   *
   * @param hint a transaction that is said to have settled it; believed only if its logs say so
   * @throws ChainUnavailable
   */
  lookup(payment: Traced, attempt: Attempt | undefined, hint?: string): Promise<LookupOutcome>

  /** After how long a settlement is worth looking at again, because it should be finalised by then. */
  readonly finality: Milliseconds

  /**
   * Looks at a settlement again. `final`: the finalised chain holds it. `pending`: it stands, not yet finalised. `gone`: the
   * chain does not hold it any more, a reorg has undone it.
   *
   * @throws ChainUnavailable
   */
  review(payment: Traced, settlement: Settlement): Promise<'final' | 'pending' | 'gone'>

  /** Where the chain stands, to be noted before a settlement is handed to somebody else. */
  position(): Promise<Pick<Attempt, 'fromBlock' | 'lastValidBlockHeight'>>

  /** Compares the configuration with the chain: id, decimals, EIP-712 domain, payee's token account. */
  inspect(): Promise<readonly Finding[]>
}

/** The chain's node did not answer, or not as a node answers. Nothing is known from it. */
export class ChainUnavailable extends Error {
  override readonly name = 'ChainUnavailable'
}

/** Asks a chain what became of a payment; a node that does not answer leaves it unknown. */
export async function askChain(network: Network, ...about: Parameters<Network['lookup']>): Promise<LookupOutcome> {
  try {
    return await network.lookup(...about)
  } catch (error) {
    if (error instanceof ChainUnavailable) return { outcome: 'unknown' }
    throw error
  }
}
