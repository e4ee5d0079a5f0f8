import { toBase58, toBase64 } from '../bytes.ts'
import { accountKeysOf, type Landed } from '../ledger.ts'
import { isWritable, type Message } from '../transaction.ts'
import { compiledInstruction, innerInstructions, parsedInstruction } from './instruction-encoding.ts'

export const TRANSACTION_ENCODINGS = ['base58', 'base64', 'json', 'jsonParsed'] as const
export type TransactionEncoding = (typeof TRANSACTION_ENCODINGS)[number]

/** A landed transaction as `getTransaction` shows it. */
export function encodeTransaction(landed: Landed, encoding: TransactionEncoding): unknown {
  const { wire, signatures, message } = landed.transaction
  if (encoding === 'base64') return [toBase64(wire), 'base64']
  if (encoding === 'base58') return [toBase58(wire), 'base58']
  return { signatures, message: encoding === 'json' ? rawMessage(message) : parsedMessage(landed) }
}

export function encodeMeta(landed: Landed, encoding: TransactionEncoding): Record<string, unknown> {
  const { execution, before, after, loaded } = landed
  const { err, returnData } = execution
  const keys = accountKeysOf(landed)
  const parsed = encoding === 'jsonParsed'
  return {
    err,
    status: err === null ? { Ok: null } : { Err: err },
    fee: landed.fee,
    preBalances: before.lamports,
    postBalances: after.lamports,
    innerInstructions: innerInstructions(execution.inner, (item, height) =>
      parsed ? parsedInstruction(keys, item, height) : compiledInstruction(item, height),
    ),
    logMessages: execution.logs,
    preTokenBalances: before.tokens,
    postTokenBalances: after.tokens,
    rewards: [],
    ...(!parsed && { loadedAddresses: loaded }),
    ...(returnData !== null && { returnData: encodeReturnData(returnData) }),
    computeUnitsConsumed: execution.unitsConsumed,
  }
}

export const encodeReturnData = ({ programId, data }: { programId: string; data: Uint8Array }) => ({
  programId,
  data: [toBase64(data), 'base64'],
})

const addressTableLookups = ({ version, lookups }: Message) =>
  version === 0 && {
    addressTableLookups: lookups.map(({ accountKey, writableIndexes, readonlyIndexes }) => ({
      accountKey,
      writableIndexes: [...writableIndexes],
      readonlyIndexes: [...readonlyIndexes],
    })),
  }

const rawMessage = (message: Message) => ({
  header: message.header,
  accountKeys: message.accountKeys,
  recentBlockhash: message.recentBlockhash,
  instructions: message.instructions.map((instruction) => compiledInstruction(instruction, 1)),
  ...addressTableLookups(message),
})

function parsedMessage(landed: Landed) {
  const { message } = landed.transaction
  const keys = accountKeysOf(landed)
  const fixed = message.accountKeys.map((pubkey, index) => ({
    pubkey,
    signer: index < message.header.numRequiredSignatures,
    source: 'transaction',
    writable: isWritable(message, index),
  }))
  const lookedUp = (list: string[], writable: boolean) =>
    list.map((pubkey) => ({ pubkey, signer: false, source: 'lookupTable', writable }))
  return {
    accountKeys: [...fixed, ...lookedUp(landed.loaded.writable, true), ...lookedUp(landed.loaded.readonly, false)],
    recentBlockhash: message.recentBlockhash,
    instructions: message.instructions.map((instruction) => parsedInstruction(keys, instruction, 1)),
    ...addressTableLookups(message),
  }
}
