import { decodeFunctionData, type Hex, parseAbi } from 'viem'
import type { Settlement } from '../../domain/settlement.ts'
import type { EvmReceipt } from './shapes.ts'
import { isTransfer, type Moved, settlementIn } from './token.ts'

/** Uniswap's Permit2 and x402's proxy for `exact` over it, the same on every chain. */
const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3'
const EXACT_PROXY = '0x402085c248eea27d92e8b30b2c58ed07f9e20001'

const STRUCTS = [
  'struct TokenPermissions { address token; uint256 amount; }',
  'struct Permit { TokenPermissions permitted; uint256 nonce; uint256 deadline; }',
  'struct Witness { address to; uint256 validAfter; }',
  'struct Approval { uint256 value; uint256 deadline; bytes32 r; bytes32 s; uint8 v; }',
  'struct Details { address to; uint256 requestedAmount; }',
] as const
const PROXY_ABI = parseAbi([
  ...STRUCTS,
  'function settle(Permit permit, address owner, Witness witness, bytes signature)',
  'function settleWithPermit(Approval approval, Permit permit, address owner, Witness witness, bytes signature)',
])
const PERMIT2_ABI = parseAbi([
  ...STRUCTS,
  'function permitTransferFrom(Permit permit, Details details, address owner, bytes signature)',
  'function permitWitnessTransferFrom(Permit permit, Details details, address owner, bytes32 witness, string witnessType, bytes signature)',
])

/** A transfer by Permit2, which the chain tells from others by the owner's unordered nonce. */
export interface Permit2Transfer extends Moved {
  readonly nonce: bigint
}

/** What was called. */
export interface CalledTransaction {
  readonly hash: string
  readonly to: string | null
  readonly input: string
}

interface Spent {
  readonly token: string
  readonly owner: string
  readonly to: string
  readonly nonce: bigint
}

/**
 * The settlement that a mined Permit2 transaction proves, or undefined.
 *
 * Permit2 logs no nonce when a signature is spent, so the proof has two parts: the token's exact Transfer in the receipt, and
 * the nonce in the calldata of the same transaction, sent straight to the proxy or to Permit2. Such a call spends one nonce
 * and no more, so its Transfer counts for one payment.
 */
export function permit2ProvenBy(
  receipt: EvmReceipt,
  transaction: CalledTransaction,
  transfer: Permit2Transfer,
): Settlement | undefined {
  if (receipt.status !== '0x1' || receipt.transactionHash !== transaction.hash.toLowerCase()) return undefined
  const spent = spentBy(transaction)
  const exact =
    spent !== undefined &&
    spent.nonce === transfer.nonce &&
    isSame(spent.token, transfer.asset) &&
    isSame(spent.owner, transfer.from) &&
    isSame(spent.to, transfer.to)
  return exact && receipt.logs.some((log) => isTransfer(log, transfer)) ? settlementIn(receipt, transfer) : undefined
}

/** What a call of the proxy or of Permit2 spends; undefined for any other call. */
function spentBy({ to, input }: CalledTransaction): Spent | undefined {
  try {
    if (to !== null && isSame(to, EXACT_PROXY)) {
      const { functionName, args } = decodeFunctionData({ abi: PROXY_ABI, data: input as Hex })
      const [permit, owner, witness] = functionName === 'settle' ? args : [args[1], args[2], args[3]]
      return { token: permit.permitted.token, owner, to: witness.to, nonce: permit.nonce }
    }
    if (to !== null && isSame(to, PERMIT2)) {
      const [permit, details, owner] = decodeFunctionData({ abi: PERMIT2_ABI, data: input as Hex }).args
      return { token: permit.permitted.token, owner, to: details.to, nonce: permit.nonce }
    }
  } catch {
    // Another function, or no calldata of one.
  }
  return undefined
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
