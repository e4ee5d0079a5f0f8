import { createHash, createPublicKey, verify } from 'node:crypto'
import { getAddressEncoder, getCompiledTransactionMessageDecoder, getTransactionDecoder } from '@solana/kit'
import { COMPUTE_BUDGET_PROGRAM, LIGHTHOUSE_PROGRAM, MEMO_PROGRAM, TOKEN_PROGRAMS } from './programs.ts'

/** A checked transfer, as the SPL Token programs have it (instruction 12). */
export interface CheckedTransfer {
  readonly program: string
  readonly source: string
  readonly mint: string
  readonly destination: string
  readonly owner: string
  readonly amount: bigint
}

/** What a transaction does, read from its message and nothing else. */
export interface ReadTransaction {
  readonly message: Uint8Array
  /** SHA-256 of the message: what was signed, whatever the signature slots hold. */
  readonly messageHash: string
  /** Required signers in order; the first is the fee payer. */
  readonly signers: readonly string[]
  readonly signatures: ReadonlyMap<string, Uint8Array | null>
  readonly transfers: readonly CheckedTransfer[]
  readonly computeUnitLimits: readonly number[]
  readonly computeUnitPrices: readonly bigint[]
  readonly memos: number
  /** Programs called that are none of the known ones, and known ones called in a way that is not. */
  readonly strangers: readonly string[]
  /** True when the fee payer is among the accounts of any instruction. */
  readonly feePayerNamed: boolean
}

const TRANSFER_CHECKED = 12
const SET_COMPUTE_UNIT_LIMIT = 2
const SET_COMPUTE_UNIT_PRICE = 3
/** DER prefix of an Ed25519 public key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Reads a wire transaction; undefined when it is none, or loads accounts from a table that cannot be seen here. */
export function readTransaction(wire: Uint8Array): ReadTransaction | undefined {
  try {
    return read(wire)
  } catch {
    return undefined
  }
}

function read(wire: Uint8Array): ReadTransaction | undefined {
  const { messageBytes, signatures } = getTransactionDecoder().decode(wire)
  const compiled = getCompiledTransactionMessageDecoder().decode(messageBytes)
  if ('addressTableLookups' in compiled && (compiled.addressTableLookups?.length ?? 0) > 0) return undefined
  const message = Uint8Array.from(messageBytes)
  const accounts = compiled.staticAccounts.map(String)
  const result = {
    message,
    messageHash: createHash('sha256').update(message).digest('hex'),
    signers: accounts.slice(0, compiled.header.numSignerAccounts),
    signatures: new Map(Object.entries(signatures) as [string, Uint8Array | null][]),
    transfers: [] as CheckedTransfer[],
    computeUnitLimits: [] as number[],
    computeUnitPrices: [] as bigint[],
    memos: 0,
    strangers: [] as string[],
    feePayerNamed: false,
  }
  for (const { programAddressIndex, accountIndices = [], data } of compiled.instructions) {
    const program = at(accounts, programAddressIndex)
    const named = accountIndices.map((index) => at(accounts, index))
    if (named.includes(accounts[0] ?? '')) result.feePayerNamed = true
    const bytes = Buffer.from(data ?? [])
    if (program === MEMO_PROGRAM) result.memos++
    else if (program === COMPUTE_BUDGET_PROGRAM && bytes[0] === SET_COMPUTE_UNIT_LIMIT && bytes.length === 5)
      result.computeUnitLimits.push(bytes.readUInt32LE(1))
    else if (program === COMPUTE_BUDGET_PROGRAM && bytes[0] === SET_COMPUTE_UNIT_PRICE && bytes.length === 9)
      result.computeUnitPrices.push(bytes.readBigUInt64LE(1))
    else if (isTransfer(program, bytes, named)) result.transfers.push(toTransfer(program, bytes, named))
    else if (program !== LIGHTHOUSE_PROGRAM) result.strangers.push(program)
  }
  return result
}

function isTransfer(program: string, bytes: Buffer, named: readonly string[]): boolean {
  return (
    TOKEN_PROGRAMS.some((known) => known === program) &&
    bytes[0] === TRANSFER_CHECKED &&
    bytes.length === 10 &&
    named.length === 4
  )
}

function toTransfer(program: string, bytes: Buffer, named: readonly string[]): CheckedTransfer {
  const [source = '', mint = '', destination = '', owner = ''] = named
  return { program, source, mint, destination, owner, amount: bytes.readBigUInt64LE(1) }
}

/** An index outside the message's own accounts makes the transaction unreadable. */
function at(accounts: readonly string[], index: number): string {
  const account = accounts[index]
  if (account === undefined) throw new RangeError('account index out of range')
  return account
}

/** Whether an account signed the message (Ed25519, RFC 8032). */
export function isSignedBy({ message, signatures }: ReadTransaction, signer: string): boolean {
  const signature = signatures.get(signer)
  if (!signature) return false
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, Buffer.from(getAddressEncoder().encode(signer as never))]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, message, key, signature)
}
