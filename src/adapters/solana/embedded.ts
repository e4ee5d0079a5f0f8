import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { getAddressDecoder, getBase58Decoder, getBase58Encoder } from '@solana/kit'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { SettleOutcome } from '../../domain/settlement.ts'
import type { Facilitator } from '../../ports/facilitator.ts'
import type { Network } from '../../ports/network.ts'
import { preflight } from '../preflight.ts'
import type { Rpc } from '../rpc.ts'
import { settlementOf } from './network.ts'
import { lamports, text } from './shapes.ts'
import { type Statuses, watchStatuses } from './statuses.ts'
import { readTransaction } from './transaction.ts'

/** DER prefix of an Ed25519 private key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const LAMPORTS_PER_SIGNATURE = 5_000n
const LOW_FLOAT_SETTLEMENTS = 1_000n
const RESEND_MS = 2_000

export interface EmbeddedSolanaOptions {
  readonly rpc: Rpc
  readonly network: Network
  /** 64 bytes in base58: seed and public key. */
  readonly feePayerKey: string
  readonly confirmMs: number
}

/** A key pair that signs as fee payer. */
interface FeePayer {
  readonly address: string
  readonly key: KeyObject
}

/** Settles partially signed transactions with our own fee payer: simulate, write down, send, wait for `confirmed`. */
export function embeddedSolana({ rpc, network, feePayerKey, confirmMs }: EmbeddedSolanaOptions): Facilitator {
  const feePayer = openFeePayer(feePayerKey)
  const statuses = watchStatuses(rpc)
  return {
    extra: () => ({ feePayer: feePayer.address }),
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
      if (!(await journal({ via: 'embedded', transaction: signed.signature, raw, ...position })))
        return { outcome: 'unavailable', code: 'store_unavailable' }
      return send(rpc, statuses, payment, signed.signature, raw, confirmMs)
    },
    async inspect() {
      const { value } = await rpc.call('getBalance', [feePayer.address], lamports)
      const enough = BigInt(value) >= LAMPORTS_PER_SIGNATURE * 2n * LOW_FLOAT_SETTLEMENTS
      return [
        {
          ok: enough,
          what: `fee payer ${feePayer.address} holds ${value} lamports`,
          fix: `send it SOL: at least ${LAMPORTS_PER_SIGNATURE * 2n * LOW_FLOAT_SETTLEMENTS} lamports`,
        },
      ]
    },
    close: async () => undefined,
  }
}

/** @throws when the secret key is not 64 bytes of base58 whose halves belong together */
function openFeePayer(secret: string): FeePayer {
  const bytes = Buffer.from(getBase58Encoder().encode(secret))
  if (bytes.length !== 64) throw new Error('a Solana secret key has 64 bytes in base58')
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, bytes.subarray(0, 32)]),
    format: 'der',
    type: 'pkcs8',
  })
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  if (!own.equals(bytes.subarray(32))) throw new Error('the halves of the Solana secret key do not belong together')
  return { address: getAddressDecoder().decode(own), key }
}

/** Puts the fee payer's signature into its slot, the first one: it is the transaction's id. */
function cosign({ payment }: IdentifiedPayment, feePayer: FeePayer): { wire: Buffer; signature: string } | undefined {
  if (payment.authorization.kind !== 'solana-transaction') return undefined
  const read = readTransaction(payment.authorization.wire)
  if (read?.signers[0] !== feePayer.address) return undefined
  const own = sign(null, read.message, feePayer.key)
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
  const submit = () =>
    rpc
      .call('sendTransaction', [raw, { encoding: 'base64', skipPreflight: true, maxRetries: 0 }], text)
      .catch(() => undefined)
  // Leaders drop transactions silently; the same bytes can be sent as often as one likes.
  const resend = setInterval(submit, RESEND_MS)
  try {
    await submit()
    const end = await statuses.wait(signature, confirmMs)
    if (end === 'confirmed') return { outcome: 'settled', settlement: settlementOf(payment, signature) }
    return end === 'failed' ? { outcome: 'reverted', transaction: signature } : { outcome: 'unknown' }
  } finally {
    clearInterval(resend)
  }
}
