import {
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  type ReadonlyUint8Array,
  type Transaction,
} from '@solana/kit'
import type { SentPayment } from '../../test/clients/index.ts'
import { short, usdc } from './words.ts'

interface Authorization {
  readonly from: string
  readonly to: string
  readonly value: string
  readonly validBefore: string
  readonly nonce: string
}

/** What a v2 payment says that its payer signed, read from the very header that was sent. */
export function explain(sent: SentPayment): string[] {
  const { payload } = JSON.parse(Buffer.from(sent.value, 'base64').toString()) as {
    payload: { authorization: Authorization } | { transaction: string }
  }
  return 'authorization' in payload ? onBase(payload.authorization) : onSolana(payload.transaction)
}

function onBase({ from, to, value, validBefore, nonce }: Authorization): string[] {
  const until = new Date(Number(validBefore) * 1_000).toISOString().slice(11, 19)
  return [
    `I, ${short(from)}, let ${usdc(BigInt(value))} USDC go to ${short(to)},`,
    `once (nonce ${short(nonce)}), and not after ${until} UTC.`,
    'A signature (EIP-712, EIP-3009): no transaction of its own, so no gas.',
  ]
}

/** TransferChecked of SPL Token. */
const TRANSFER_CHECKED = 12

function onSolana(base64: string): string[] {
  const transaction = getTransactionDecoder().decode(Buffer.from(base64, 'base64'))
  const message = getCompiledTransactionMessageDecoder().decode(transaction.messageBytes)
  if (!('instructions' in message)) throw new Error('the transaction has no instructions')
  const { instructions, staticAccounts } = message
  const transfer = instructions.find(({ accountIndices, data }) => {
    return accountIndices?.length === 4 && data?.[0] === TRANSFER_CHECKED
  })
  const [, , to = 0, owner = 0] = transfer?.accountIndices ?? []
  return [
    `A transaction that moves ${usdc(amountOf(transfer?.data))} USDC of ${short(staticAccounts[owner] ?? '')}`,
    `to the token account ${short(staticAccounts[to] ?? '')}, valid for about a minute.`,
    signatures(transaction),
  ]
}

const amountOf = (data: ReadonlyUint8Array | undefined): bigint => (data ? Buffer.from(data).readBigUInt64LE(1) : 0n)

function signatures({ signatures }: Transaction): string {
  const places = Object.entries(signatures)
  const open = places.filter(([, signature]) => signature === null).map(([address]) => short(address))
  return `Signed in ${places.length - open.length} of ${places.length} places: ${open.join(', ')}, who pays the fee, signs last.`
}
