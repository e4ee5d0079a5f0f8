import { toBase58 } from '../bytes.ts'
import { isMemoProgram, isTokenProgram, SYSTEM } from '../programs.ts'
import type { Execution, InnerInstruction } from '../svm.ts'
import { tokenAmount } from '../token.ts'
import type { Instruction } from '../transaction.ts'
import { programName } from './account-encoding.ts'

/** An instruction as it stands in the message: indexes into the list of keys. */
export const compiledInstruction = (instruction: Instruction, stackHeight: number | null) => ({
  programIdIndex: instruction.programIdIndex,
  accounts: [...instruction.accounts],
  data: toBase58(instruction.data),
  stackHeight,
})

/**
 * An instruction with its addresses spelt out, and its contents where they are what a payment is made of:
 * SPL transfers, memos and SOL transfers. Every other one is left "partially decoded", as a node leaves what it cannot read.
 */
export function parsedInstruction(keys: readonly string[], from: Instruction, stackHeight: number | null) {
  const programId = keys[from.programIdIndex] ?? ''
  const accounts = [...from.accounts].map((index) => keys[index] ?? '')
  const contents = parseContents(programId, accounts, from.data)
  if (contents !== null) return { ...contents, programId, stackHeight }
  return { programId, accounts, data: toBase58(from.data), stackHeight }
}

export const innerInstructions = (
  inner: Execution['inner'],
  encode: (instruction: InnerInstruction, stackHeight: number) => unknown,
) =>
  inner.map(({ index, instructions }) => ({
    index,
    instructions: instructions.map((instruction) => encode(instruction, instruction.stackHeight)),
  }))

function parseContents(programId: string, accounts: string[], data: Uint8Array) {
  if (isMemoProgram(programId)) return { program: 'spl-memo', parsed: Buffer.from(data).toString('utf8') }
  if (isTokenProgram(programId)) {
    const parsed = parseTokenTransfer(accounts, data)
    return parsed === null ? null : { program: programName(programId), parsed }
  }
  if (programId !== SYSTEM || data.length !== 12 || data[0] !== 2) return null
  const [source, destination] = accounts
  return { program: 'system', parsed: { type: 'transfer', info: { source, destination, lamports: u64(data, 4) } } }
}

function parseTokenTransfer(accounts: string[], data: Uint8Array) {
  if (data[0] === 12 && data.length === 10) {
    const [source, mint, destination, ...authorities] = accounts
    const info = { source, mint, destination, tokenAmount: tokenAmount(u64(data, 1), data[9] ?? 0) }
    return { type: 'transferChecked', info: { ...info, ...authorityOf(authorities) } }
  }
  if (data[0] === 3 && data.length === 9) {
    const [source, destination, ...authorities] = accounts
    return { type: 'transfer', info: { source, destination, amount: `${u64(data, 1)}`, ...authorityOf(authorities) } }
  }
  return null
}

const authorityOf = ([authority, ...signers]: string[]): Record<string, unknown> =>
  signers.length === 0 ? { authority } : { multisigAuthority: authority, signers }

const u64 = (data: Uint8Array, offset: number): bigint =>
  new DataView(data.buffer, data.byteOffset, data.byteLength).getBigUint64(offset, true)
