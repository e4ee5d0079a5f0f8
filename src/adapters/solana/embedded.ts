import { getBase58Decoder } from '@solana/kit'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { SettleOutcome } from '../../domain/settlement.ts'
import type { Facilitator } from '../../ports/facilitator.ts'
import type { Log } from '../../ports/log.ts'
import type { Network } from '../../ports/network.ts'
import { preflight } from '../preflight.ts'
import type { Rpc } from '../rpc.ts'
import { settlementOf } from './chain.ts'
import { watchFloat } from './float.ts'
import { type Keypair, openKeypair } from './keypair.ts'
import { submit } from './send.ts'
import { type Statuses, watchStatuses } from './statuses.ts'
import { readTransaction } from './transaction.ts'

const RESEND_MS = 2_000

export interface EmbeddedSolanaOptions {
  readonly rpc: Rpc
  readonly network: Network
  /** 64 bytes in base58: seed and public key. */
  readonly feePayerKey: string
  readonly confirmMs: number
  /** Offers are withdrawn while the fee payer cannot pay for so many settlements. */
  readonly minFloatSettlements: number
  readonly log: Log
}

/** Settles partially signed transactions with our own fee payer: simulate, write down, send, wait for `confirmed`. */
export function embeddedSolana(options: EmbeddedSolanaOptions): Facilitator {
  const { rpc, network, feePayerKey, confirmMs, log } = options
  const minSettlements = BigInt(options.minFloatSettlements)
  const feePayer = openKeypair(feePayerKey)
  const statuses = watchStatuses(rpc)
  const float = watchFloat(rpc, feePayer.address, minSettlements, log)
  const extra = { feePayer: feePayer.address }
  return {
    extra: () => (float.covers(minSettlements) ? extra : undefined),
    // What was offered is honoured for as long as a fee can be paid at all.
    honoured: () => (float.covers(1n) ? [extra] : []),
    async settle(payment, _offer, journal) {
      const signed = cosign(payment, feePayer)
      if (!signed) return { outcome: 'refused', code: 'invalid_exact_svm_payload_transaction_could_not_be_decoded' }
      const [refused, position] = await Promise.all([
        preflight(network, payment),
        network.position().catch(() => undefined),
      ])
      if (refused) return refused
      if (!position) return { outcome: 'unavailable', code: 'chain_unavailable' }
      const raw = signed.wire.toString('base64')
      const attempt = {
        via: 'embedded',
        facilitator: undefined,
        transaction: signed.signature,
        raw,
        ...position,
      } as const
      if (!(await journal(attempt))) return { outcome: 'unavailable', code: 'store_unavailable' }
      float.sent(payment.sponsored)
      return send(rpc, statuses, payment, signed.signature, raw, confirmMs)
    },
    resend: ({ raw }) => submit(rpc, raw),
    async inspect() {
      const held = await float.look()
      return [
        {
          ok: float.covers(minSettlements),
          what: `fee payer ${feePayer.address} holds ${held} lamports`,
          fix: `send it SOL: at least ${float.needed(minSettlements)} lamports`,
        },
      ]
    },
    async close() {
      float.close()
    },
  }
}

/** Puts the fee payer's signature into its slot, the first one: it is the transaction's id. */
function cosign({ payment }: IdentifiedPayment, feePayer: Keypair): { wire: Buffer; signature: string } | undefined {
  if (payment.authorization.kind !== 'solana-transaction') return undefined
  const read = readTransaction(payment.authorization.wire)
  if (read?.signers[0] !== feePayer.address) return undefined
  const own = feePayer.sign(read.message)
  const others = read.signers.slice(1).map((signer) => read.signatures.get(signer) ?? new Uint8Array(64))
  const wire = Buffer.concat([Buffer.from([read.signers.length]), own, ...others, read.message])
  return { wire, signature: getBase58Decoder().decode(own) }
}

async function send(
  rpc: Rpc,
  statuses: Statuses,
  payment: IdentifiedPayment,
  signature: string,
  raw: string,
  confirmMs: number,
): Promise<SettleOutcome> {
  // Leaders drop transactions silently; the same bytes can be sent as often as one likes.
  const resend = setInterval(() => void submit(rpc, raw), RESEND_MS)
  try {
    await submit(rpc, raw)
    const seen = await statuses.wait(signature, confirmMs)
    if (seen.end === 'confirmed') return { outcome: 'settled', settlement: settlementOf(payment, signature, seen.slot) }
    return seen.end === 'failed' ? { outcome: 'reverted', transaction: signature } : { outcome: 'unknown' }
  } finally {
    clearInterval(resend)
  }
}
