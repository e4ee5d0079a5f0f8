import { decodeErrorResult, type Hex, parseAbi } from 'viem'
import type { ProblemCode } from '../../domain/problems.ts'
import { RpcError } from '../rpc.ts'

const ERROR_ABI = parseAbi(['error Error(string)'])

/** What FiatToken says when it refuses an authorization, and what that is called in x402. */
const REASONS: readonly (readonly [pattern: RegExp, code: ProblemCode])[] = [
  [/exceeds balance/i, 'insufficient_funds'],
  [/used or canceled/i, 'payment_already_used'],
  [/is expired/i, 'invalid_exact_evm_payload_authorization_valid_before'],
  [/not yet valid/i, 'invalid_exact_evm_payload_authorization_valid_after'],
  [/invalid signature/i, 'invalid_exact_evm_payload_signature'],
]

/** The refusal behind a reverted call; undefined when the node complained of something else. */
export function revertCode(error: unknown): ProblemCode | undefined {
  if (!(error instanceof RpcError)) return undefined
  const reason = reasonOf(error)
  if (reason === undefined) return undefined
  return REASONS.find(([pattern]) => pattern.test(reason))?.[1] ?? 'transaction_simulation_failed'
}

/** Nodes say "execution reverted" with code 3 or in words, and put the ABI-encoded reason into `data`. */
function reasonOf({ code, message, data }: RpcError): string | undefined {
  if (typeof data === 'string' && data.startsWith('0x08c379a0')) {
    try {
      return decodeErrorResult({ abi: ERROR_ABI, data: data as Hex }).args[0]
    } catch {
      return message
    }
  }
  return code === 3 || /revert/i.test(message) ? message : undefined
}
