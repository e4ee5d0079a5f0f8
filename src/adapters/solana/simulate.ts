import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { ProblemCode } from '../../domain/problems.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import { simulation } from './shapes.ts'

const INVALID_PARAMS = -32_602

/** Runs the transaction without the fee payer's signature, which is ours or a facilitator's to give. */
export async function simulate(rpc: Rpc, { payment }: IdentifiedPayment): Promise<ProblemCode | undefined> {
  if (payment.authorization.kind !== 'solana-transaction') return 'invalid_payload'
  const wire = Buffer.from(payment.authorization.wire).toString('base64')
  const options = { encoding: 'base64', sigVerify: false, commitment: 'processed' }
  try {
    const { value } = await rpc.call('simulateTransaction', [wire, options], simulation)
    return value.err == null ? undefined : refusalOf(value.err, value.logs ?? [])
  } catch (error) {
    // The node cannot make a transaction of the bytes.
    if (error instanceof RpcError && error.code === INVALID_PARAMS)
      return 'invalid_exact_svm_payload_transaction_could_not_be_decoded'
    throw error
  }
}

/** What the runtime's errors are called in x402. */
function refusalOf(err: unknown, logs: readonly string[]): ProblemCode {
  if (err === 'AlreadyProcessed') return 'payment_already_used'
  if (err === 'BlockhashNotFound') return 'payment_expired'
  // SPL Token error 1, InsufficientFunds; a missing source account holds nothing either.
  const poor = logs.some((line) => /insufficient funds/i.test(line)) || /"Custom":1\b/.test(JSON.stringify(err))
  return poor || err === 'AccountNotFound' ? 'insufficient_funds' : 'transaction_simulation_failed'
}
