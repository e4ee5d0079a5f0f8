import { sha256, toAddress, toBase58, toBase64 } from './bytes.ts'
import { MalformedTransaction, WireReader } from './wire-reader.ts'

/** The largest transaction a node takes: one IPv6 packet. */
export const MAX_WIRE_BYTES = 1232

export interface Instruction {
  programIdIndex: number
  accounts: Uint8Array
  data: Uint8Array
}

export interface AddressTableLookup {
  accountKey: string
  writableIndexes: Uint8Array
  readonlyIndexes: Uint8Array
}

export interface Message {
  version: 'legacy' | 0
  header: { numRequiredSignatures: number; numReadonlySignedAccounts: number; numReadonlyUnsignedAccounts: number }
  /** Static keys only; those of lookup tables come after them, writable ones first. */
  accountKeys: string[]
  recentBlockhash: string
  instructions: Instruction[]
  lookups: AddressTableLookup[]
}

export interface Transaction {
  wire: Uint8Array
  /** The first signature, by which the whole transaction is known. */
  signature: string
  signatures: string[]
  message: Message
  /** What a node recognises a duplicate by: the signed bytes, whoever signed them. */
  messageHash: string
  /** Bytes after the end: a node's RPC ignores them, but no leader takes such a packet. */
  hasTrailingBytes: boolean
}

const isVersioned = (firstByte: number): boolean => (firstByte & 0x80) !== 0

function readInstruction(reader: WireReader): Instruction {
  const programIdIndex = reader.byte()
  return { programIdIndex, accounts: reader.take(reader.shortU16()), data: reader.take(reader.shortU16()) }
}

function readLookup(reader: WireReader): AddressTableLookup {
  return {
    accountKey: toAddress(reader.take(32)),
    writableIndexes: reader.take(reader.shortU16()),
    readonlyIndexes: reader.take(reader.shortU16()),
  }
}

export function readMessage(reader: WireReader): Message {
  const first = reader.byte()
  if (isVersioned(first) && first !== 0x80) {
    throw new MalformedTransaction(`invalid value: integer \`${first & 0x7f}\`, expected a supported message version`)
  }
  const header = {
    numRequiredSignatures: isVersioned(first) ? reader.byte() : first,
    numReadonlySignedAccounts: reader.byte(),
    numReadonlyUnsignedAccounts: reader.byte(),
  }
  const accountKeys = reader.list(() => toAddress(reader.take(32)))
  const recentBlockhash = toBase58(reader.take(32))
  const instructions = reader.list(() => readInstruction(reader))
  const lookups = isVersioned(first) ? reader.list(() => readLookup(reader)) : []
  return { version: isVersioned(first) ? 0 : 'legacy', header, accountKeys, recentBlockhash, instructions, lookups }
}

/**
 * Reads a legacy or v0 transaction.
 *
 * Strict on purpose: LiteSVM aborts the whole process on bytes it cannot read, so none may get past here.
 *
 * @throws MalformedTransaction when the bytes are no transaction.
 */
export function readTransaction(wire: Uint8Array): Transaction {
  if (wire.length > MAX_WIRE_BYTES) {
    throw new MalformedTransaction(`too large: ${wire.length} bytes (max: ${MAX_WIRE_BYTES} bytes)`)
  }
  const reader = new WireReader(wire)
  const signatures = reader.list(() => toBase58(reader.take(64)))
  const [signature] = signatures
  const start = reader.offset
  const message = readMessage(reader)
  if (signature === undefined || signatures.length !== message.header.numRequiredSignatures) {
    throw new MalformedTransaction('signatures do not match the signers the message names')
  }
  return {
    wire: wire.subarray(0, reader.offset),
    signature,
    signatures,
    message,
    messageHash: toBase64(sha256(wire.subarray(start, reader.offset))),
    hasTrailingBytes: !reader.atEnd,
  }
}

/** Whether the static key at `index` may be written to; a program that is called is demoted to read-only by the runtime. */
export function isWritable(message: Message, index: number): boolean {
  const { numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts } = message.header
  if (index < numRequiredSignatures) return index < numRequiredSignatures - numReadonlySignedAccounts
  return index < message.accountKeys.length - numReadonlyUnsignedAccounts
}
