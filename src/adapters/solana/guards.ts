import type { ProblemCode } from '../../domain/problems.ts'
import { isSignedBy, type ReadTransaction } from './transaction.ts'

/** What the operator sponsors at most. */
export interface SponsorCaps {
  readonly maxComputeUnits: number
  readonly maxComputeUnitPrice: bigint
}

interface Guard {
  readonly name: string
  readonly code: ProblemCode
  holds(transaction: ReadTransaction, caps: SponsorCaps): boolean
}

/**
 * What a transaction must be before our key signs it as fee payer, whatever it pays.
 *
 * The payer chooses the fees that are sponsored, so they are capped; every account that could make the fee payer lose more
 * than the fee is ruled out. Each guard stands alone: `npm run mutate` takes them away one by one.
 */
export const sponsorGuards: readonly Guard[] = [
  {
    name: 'one-transfer',
    code: 'invalid_exact_svm_payload_no_transfer_instruction',
    holds: ({ transfers }) => transfers.length === 1,
  },
  {
    name: 'moves-something',
    code: 'invalid_exact_svm_payload_recipient_mismatch',
    holds: ({ transfers }) => transfers.every(({ source, destination }) => source !== destination),
  },
  {
    name: 'no-strangers',
    code: 'invalid_exact_svm_payload_unknown_optional_instruction',
    holds: ({ strangers }) => strangers.length === 0,
  },
  { name: 'one-memo', code: 'invalid_exact_svm_payload_memo_count', holds: ({ memos }) => memos <= 1 },
  {
    name: 'fee-payer-unnamed',
    code: 'invalid_exact_svm_payload_transaction_fee_payer_transferring_funds',
    holds: ({ feePayerNamed }) => !feePayerNamed,
  },
  {
    name: 'two-signers',
    code: 'invalid_exact_svm_payload_excessive_signers',
    holds: ({ signers, transfers }) => signers.length === 2 && signers[1] === transfers[0]?.owner,
  },
  {
    name: 'compute-limit-set',
    code: 'invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction',
    holds: ({ computeUnitLimits }) => computeUnitLimits.length === 1,
  },
  {
    name: 'compute-limit-capped',
    code: 'invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction_too_high',
    holds: ({ computeUnitLimits }, { maxComputeUnits }) => computeUnitLimits.every((limit) => limit <= maxComputeUnits),
  },
  {
    name: 'compute-price-capped',
    code: 'invalid_exact_svm_payload_transaction_instructions_compute_price_instruction_too_high',
    holds: ({ computeUnitPrices }, { maxComputeUnitPrice }) =>
      computeUnitPrices.length <= 1 && computeUnitPrices.every((price) => price <= maxComputeUnitPrice),
  },
  {
    name: 'payer-signed',
    code: 'invalid_exact_svm_payload_signature_invalid',
    holds: (transaction) => transaction.transfers.every(({ owner }) => isSignedBy(transaction, owner)),
  },
]
