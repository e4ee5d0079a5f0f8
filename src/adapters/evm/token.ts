import { getAddress } from 'viem'
import type { Authorization, Eip3009Authorization, Transfer } from '../../domain/payment.ts'
import type { Settlement } from '../../domain/settlement.ts'
import { hexWord, type Signature, splitSignature, uintWord } from './eip712.ts'
import type { EvmReceipt } from './shapes.ts'

/** `transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)` */
const TRANSFER_WITH_AUTHORIZATION = Buffer.from('e3ee160e', 'hex')
/** `authorizationState(address,bytes32)` */
const AUTHORIZATION_STATE = Buffer.from('e94a0102', 'hex')
/** `AuthorizationUsed(address,bytes32)` */
export const AUTHORIZATION_USED = '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5'
/** `AuthorizationCanceled(address,bytes32)` */
export const AUTHORIZATION_CANCELED = '0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81'
/** `Transfer(address,address,uint256)` */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** FiatToken's transferWithAuthorization takes 60,000 to 100,000; the simulation runs under the same bound. */
export const GAS_LIMIT = 200_000n

const toHex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`

/** Calldata that settles an authorization (EIP-3009). Every argument is one word, so no encoder is needed. */
export function transferCalldata(authorization: Eip3009Authorization, { r, s, yParity }: Signature): string {
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  const words = [
    hexWord(from),
    hexWord(to),
    uintWord(value),
    uintWord(validAfter),
    uintWord(validBefore),
    hexWord(nonce),
    uintWord(BigInt(27 + yParity)),
    r,
    s,
  ]
  return toHex(Buffer.concat([TRANSFER_WITH_AUTHORIZATION, ...words]))
}

/** The same for any payment; undefined where it holds no EIP-3009 authorization with a signature of its form. */
export function settlementCalldata(authorization: Authorization): string | undefined {
  if (authorization.kind !== 'eip3009') return undefined
  const signature = splitSignature(authorization.signature)
  return signature && transferCalldata(authorization, signature)
}

/** Calldata that asks whether a nonce is used or cancelled; it cannot tell which. */
export function authorizationStateCalldata(authorizer: string, nonce: string): string {
  return toHex(Buffer.concat([AUTHORIZATION_STATE, hexWord(authorizer), hexWord(nonce)]))
}

export const topicOf = (hex: string): string => toHex(hexWord(hex))

/**
 * The settlement that a receipt proves, or undefined.
 *
 * Proof is `AuthorizationUsed(from, nonce)` with the exact Transfer as the token's next log: in a transaction that settles
 * several authorizations, each Transfer counts for the one it follows and no other (threats T7).
 */
export function provenBy(receipt: EvmReceipt, transfer: Transfer, nonce: string): Settlement | undefined {
  if (receipt.status !== '0x1') return undefined
  const asset = transfer.asset.toLowerCase()
  const logs = receipt.logs.filter((log) => log.address === asset)
  const used = logs.findIndex(
    ({ topics }) => topics[0] === AUTHORIZATION_USED && topics[1] === topicOf(transfer.from) && topics[2] === nonce,
  )
  const moved = used < 0 ? undefined : logs[used + 1]
  if (!moved || moved.topics[0] !== TRANSFER) return undefined
  const exact =
    moved.topics[1] === topicOf(transfer.from) &&
    moved.topics[2] === topicOf(transfer.to) &&
    moved.data === toHex(uintWord(transfer.amount))
  if (!exact) return undefined
  const { network, from, to, amount } = transfer
  return {
    network,
    asset: transfer.asset,
    payer: getAddress(from),
    payTo: getAddress(to),
    amount,
    transaction: receipt.transactionHash,
  }
}
