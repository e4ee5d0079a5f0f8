import { getAddress } from 'viem'
import type { Authorization, Eip3009Authorization, Transfer } from '../../domain/payment.ts'
import type { Settlement } from '../../domain/settlement.ts'
import { hexWord, type Signature, splitSignature, uintWord } from './eip712.ts'
import type { EvmLog, EvmReceipt } from './shapes.ts'

/** `transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)` */
const TRANSFER_WITH_AUTHORIZATION = Buffer.from('e3ee160e', 'hex')
/** `authorizationState(address,bytes32)` */
const AUTHORIZATION_STATE = Buffer.from('e94a0102', 'hex')
/** `balanceOf(address)` */
const BALANCE_OF = Buffer.from('70a08231', 'hex')
/** `AuthorizationUsed(address,bytes32)` */
export const AUTHORIZATION_USED = '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5'
/** `AuthorizationCanceled(address,bytes32)` */
export const AUTHORIZATION_CANCELED = '0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81'
/** `Transfer(address,address,uint256)` */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** Of what, from whom and to whom. */
export type Moved = Pick<Transfer, 'network' | 'asset' | 'from' | 'to' | 'amount'>

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

/** Calldata that asks for a balance (ERC-20). */
export function balanceCalldata(owner: string): string {
  return toHex(Buffer.concat([BALANCE_OF, hexWord(owner)]))
}

export const topicOf = (hex: string): string => toHex(hexWord(hex))

/** Whether a log is exactly this transfer, by the token itself. */
export function isTransfer(log: EvmLog, { asset, from, to, amount }: Moved): boolean {
  return (
    log.address === asset.toLowerCase() &&
    log.topics[0] === TRANSFER &&
    log.topics[1] === topicOf(from) &&
    log.topics[2] === topicOf(to) &&
    log.data === toHex(uintWord(amount))
  )
}

/**
 * The settlement that a receipt proves, or undefined.
 *
 * Proof is `AuthorizationUsed(from, nonce)` with the exact Transfer as the token's next log: in a transaction that settles
 * several authorizations, each Transfer counts for the one it follows and no other (threats T7).
 */
export function provenBy(receipt: EvmReceipt, transfer: Transfer): Settlement | undefined {
  if (receipt.status !== '0x1') return undefined
  const logs = receipt.logs.filter(({ address }) => address === transfer.asset.toLowerCase())
  const used = logs.findIndex(
    ({ topics }) =>
      topics[0] === AUTHORIZATION_USED && topics[1] === topicOf(transfer.from) && topics[2] === transfer.nonce,
  )
  const moved = used < 0 ? undefined : logs[used + 1]
  return moved && isTransfer(moved, transfer) ? settlementIn(receipt, transfer) : undefined
}

/** What is recorded of a transfer that a receipt has proven. */
export function settlementIn(
  { transactionHash, blockNumber }: Pick<EvmReceipt, 'transactionHash' | 'blockNumber'>,
  { network, asset, from, to, amount }: Moved,
): Settlement {
  return {
    network,
    asset,
    payer: getAddress(from),
    payTo: getAddress(to),
    amount,
    transaction: transactionHash,
    block: blockNumber.toString(),
  }
}
