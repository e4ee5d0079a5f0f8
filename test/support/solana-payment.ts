import { createHash } from 'node:crypto'
import {
  AccountRole,
  type Address,
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  createKeyPairSignerFromPrivateKeyBytes,
  createTransactionMessage,
  getBase58Decoder,
  getBase64EncodedWireTransaction,
  type Instruction,
  type KeyPairSigner,
  partiallySignTransactionMessageWithSigners,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit'
import {
  associatedTokenAccount,
  COMPUTE_BUDGET_PROGRAM,
  MEMO_PROGRAM,
  TOKEN_PROGRAM,
} from '../../src/adapters/solana/programs.ts'
import { MINT, SOLANA_PAYEE } from './fixtures.ts'

export const signerOf = (label: string): Promise<KeyPairSigner> =>
  createKeyPairSignerFromPrivateKeyBytes(createHash('sha256').update(`farebox test ${label}`).digest())

export const SOME_BLOCKHASH = getBase58Decoder().decode(new Uint8Array(32).fill(7)) as Blockhash

const little = (size: 4 | 8, value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(size)
  if (size === 4) bytes.writeUInt32LE(Number(value))
  else bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

const budget = (data: Buffer): Instruction => ({ programAddress: address(COMPUTE_BUDGET_PROGRAM), data })
export const computeLimit = (units: number) => budget(Buffer.concat([Buffer.from([2]), little(4, units)]))
export const computePrice = (microLamports: number | bigint) =>
  budget(Buffer.concat([Buffer.from([3]), little(8, microLamports)]))
export const memo = (text: string): Instruction => ({ programAddress: address(MEMO_PROGRAM), data: Buffer.from(text) })

export interface TransferOptions {
  readonly payer: KeyPairSigner
  readonly amount?: bigint
  readonly mint?: string
  readonly payTo?: string
  readonly program?: string
  readonly decimals?: number
}

/** TransferChecked from the payer's associated account to the payee's. */
export async function transfer({
  payer,
  amount = 34_000n,
  mint = MINT,
  payTo = SOLANA_PAYEE,
  program = TOKEN_PROGRAM,
  decimals = 6,
}: TransferOptions): Promise<Instruction> {
  const [source, destination] = await Promise.all([
    associatedTokenAccount(payer.address, mint, program),
    associatedTokenAccount(payTo, mint, program),
  ])
  const accounts = [
    { address: source, role: AccountRole.WRITABLE },
    { address: address(mint), role: AccountRole.READONLY },
    { address: destination, role: AccountRole.WRITABLE },
    { address: payer.address, role: AccountRole.READONLY_SIGNER, signer: payer },
  ]
  return {
    programAddress: address(program),
    accounts,
    data: Buffer.concat([Buffer.from([12]), little(8, amount), Buffer.from([decimals])]),
  }
}

/** A transaction as a client sends it: signed by the payer, the fee payer's slot empty. Gives its wire bytes. */
export async function signed(
  feePayer: string,
  instructions: readonly Instruction[],
  blockhash: Blockhash = SOME_BLOCKHASH,
): Promise<Uint8Array> {
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayer(feePayer as Address, draft),
    (draft) => appendTransactionMessageInstructions(instructions, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash({ blockhash, lastValidBlockHeight: 0n }, draft),
  )
  return Buffer.from(
    getBase64EncodedWireTransaction(await partiallySignTransactionMessageWithSigners(message)),
    'base64',
  )
}
