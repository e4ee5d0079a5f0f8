import { atomicUnits, type Caip2, milliseconds, type PaymentKey, seconds } from '../../domain/ids.ts'
import { refuse } from '../../domain/refusal.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Network } from '../../ports/network.ts'
import { answered, type Rpc } from '../rpc.ts'
import { positionNow } from './chain.ts'
import { type SponsorCaps, sponsorGuards } from './guards.ts'
import { inspect, type SolanaMint } from './inspect.ts'
import { lookup, review } from './lookup.ts'
import { associatedTokenAccount, TOKEN_PROGRAMS } from './programs.ts'
import { simulate } from './simulate.ts'
import { readTransaction } from './transaction.ts'

export interface SolanaNetworkOptions {
  readonly id: Caip2
  readonly rpc: Rpc
  readonly payTo: string
  readonly mints: readonly SolanaMint[]
  readonly caps: SponsorCaps
  readonly clock: Clock
  /** After how long a confirmed settlement should be finalised. */
  readonly finalityMs: number
}

/** A blockhash lives for 151 blocks: a minute at the usual 400 ms, seldom more than two. */
const BLOCKHASH_LIFE_SECONDS = 180

/** A Solana cluster, seen through our own node. */
export async function solanaNetwork({
  id,
  rpc,
  payTo,
  mints,
  caps,
  clock,
  finalityMs,
}: SolanaNetworkOptions): Promise<Network> {
  const payees = new Map<string, string>()
  for (const { mint } of mints) {
    for (const program of TOKEN_PROGRAMS)
      payees.set(`${program}:${mint}`, await associatedTokenAccount(payTo, mint, program))
  }

  return {
    id,
    identify(payment) {
      const transaction =
        payment.authorization.kind === 'solana-transaction' ? readTransaction(payment.authorization.wire) : undefined
      if (!transaction) return refuse('invalid_exact_svm_payload_transaction_could_not_be_decoded')
      const failed = sponsorGuards.find((guard) => !guard.holds(transaction, caps))
      if (failed) return refuse(failed.code)
      const [transfer] = transaction.transfers
      const [feePayer] = transaction.signers
      if (!transfer || !feePayer) return refuse('invalid_exact_svm_payload_no_transfer_instruction')
      const { mint, owner, amount, program, destination } = transfer
      // What goes to the payee's associated account goes to the payee; anything else goes to a stranger.
      const to = payees.get(`${program}:${mint}`) === destination ? payTo : destination
      return {
        payment,
        // The message is what was signed: the slots around it may hold anything (threats T2).
        key: `${id}:${owner}:${transaction.messageHash}` as PaymentKey,
        signed: transaction.messageHash,
        payer: owner,
        transfer: {
          kind: 'solana-transaction',
          network: id,
          asset: mint,
          from: owner,
          to,
          amount: atomicUnits(amount),
          nonce: transaction.messageHash,
          window: undefined,
          endsBy: seconds(clock.now() + BLOCKHASH_LIFE_SECONDS),
        },
        sponsored: {
          feePayer,
          computeUnitLimit: transaction.computeUnitLimits[0] ?? 0,
          computeUnitPriceMicroLamports: transaction.computeUnitPrices[0] ?? 0n,
          signatures: transaction.signers.length,
        },
      }
    },

    preflight: (payment) => answered(() => simulate(rpc, payment)),
    lookup: (payment, attempt, hint) => answered(() => lookup(rpc, payment, attempt, hint)),
    finality: milliseconds(finalityMs),
    review: (payment, settlement) => answered(() => review(rpc, payment, settlement)),
    position: () => answered(() => positionNow(rpc)),
    inspect: () => inspect(rpc, id, mints, payees),
  }
}
