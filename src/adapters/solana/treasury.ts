import { randomUUID } from 'node:crypto'
import {
  AccountRole,
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  createTransactionMessage,
  getBase58Decoder,
  type Instruction,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit'
import { type AtomicUnits, atomicUnits, type Caip2, type PaymentKey, seconds } from '../../domain/ids.ts'
import type { Traced } from '../../domain/payment.ts'
import type { Attempt } from '../../domain/settlement.ts'
import { TransferImpossible, type TransferOutcome, type Treasury } from '../../ports/treasury.ts'
import { answered, type Rpc } from '../rpc.ts'
import { headAt } from './chain.ts'
import { openKeypair } from './keypair.ts'
import { lookup } from './lookup.ts'
import { associatedTokenAccount, COMPUTE_BUDGET_PROGRAM, MEMO_PROGRAM, TOKEN_PROGRAMS } from './programs.ts'
import { submit } from './send.ts'
import { latestBlockhash, maybeAccount, simulation } from './shapes.ts'
import { readTransaction } from './transaction.ts'

export interface SolanaTreasuryOptions {
  readonly network: Caip2
  readonly rpc: Rpc
  /** 64 bytes in base58: seed and public key. It may be the fee payer's. */
  readonly key: string
}

const TRANSFER_CHECKED = 12
const SET_COMPUTE_UNIT_LIMIT = 2
const COMPUTE_UNITS = 60_000

/** Pays refunds with checked transfers between associated token accounts; the key pays the fees as well. */
export function solanaTreasury({ network, rpc, key }: SolanaTreasuryOptions): Treasury {
  const keypair = openKeypair(key)
  return {
    network,
    address: keypair.address,
    prepare: (to, asset, amount) =>
      answered(async () => {
        const instructions = await transferTo(rpc, keypair.address, to, asset, amount)
        const [{ slot }, { value: lifetime }] = await Promise.all([
          headAt(rpc, 'confirmed'),
          rpc.call('getLatestBlockhash', [{ commitment: 'confirmed' }], latestBlockhash),
        ])
        const { blockhash, lastValidBlockHeight } = lifetime
        const message = pipe(
          createTransactionMessage({ version: 0 }),
          (draft) => setTransactionMessageFeePayer(address(keypair.address), draft),
          (draft) => appendTransactionMessageInstructions(instructions, draft),
          (draft) =>
            setTransactionMessageLifetimeUsingBlockhash(
              { blockhash: blockhash as Blockhash, lastValidBlockHeight: BigInt(lastValidBlockHeight) },
              draft,
            ),
        )
        const bytes = Uint8Array.from(compileTransaction(message).messageBytes)
        const signature = keypair.sign(bytes)
        const raw = Buffer.concat([Buffer.from([1]), signature, bytes]).toString('base64')
        await tryOut(rpc, raw, keypair.address)
        return {
          via: 'embedded',
          facilitator: undefined,
          transaction: getBase58Decoder().decode(signature),
          raw,
          fromBlock: String(slot),
          lastValidBlockHeight: String(lastValidBlockHeight),
        }
      }),
    send: ({ raw }) => submit(rpc, raw),
    outcome: (attempt) => answered(() => outcomeOf(rpc, network, attempt)),
    close: () => rpc.close(),
  }
}

/** @throws TransferImpossible when the mint is none */
async function transferTo(
  rpc: Rpc,
  from: string,
  to: string,
  mint: string,
  amount: AtomicUnits,
): Promise<Instruction[]> {
  const { value } = await rpc.call('getAccountInfo', [mint, { encoding: 'base64' }], maybeAccount)
  const program = TOKEN_PROGRAMS.find((known) => known === value?.owner)
  const decimals = value && Buffer.from(value.data[0], 'base64')[44]
  if (!program || decimals == null) throw new TransferImpossible(`${mint} is no mint`)
  const [source, destination] = await Promise.all([
    associatedTokenAccount(from, mint, program),
    associatedTokenAccount(to, mint, program),
  ])
  const data = Buffer.alloc(10)
  data[0] = TRANSFER_CHECKED
  data.writeBigUInt64LE(amount, 1)
  data[9] = decimals
  const limit = Buffer.alloc(5)
  limit[0] = SET_COMPUTE_UNIT_LIMIT
  limit.writeUInt32LE(COMPUTE_UNITS, 1)
  return [
    { programAddress: address(COMPUTE_BUDGET_PROGRAM), data: limit },
    {
      programAddress: address(program),
      accounts: [
        { address: source, role: AccountRole.WRITABLE },
        { address: address(mint), role: AccountRole.READONLY },
        { address: destination, role: AccountRole.WRITABLE },
        { address: address(from), role: AccountRole.READONLY_SIGNER },
      ],
      data,
    },
    // The cluster takes no message twice: two refunds of one amount to one payer must not be one.
    { programAddress: address(MEMO_PROGRAM), data: Buffer.from(randomUUID()) },
  ]
}

/** @throws TransferImpossible when it fails */
async function tryOut(rpc: Rpc, raw: string, from: string): Promise<void> {
  const options = { encoding: 'base64', sigVerify: true, commitment: 'confirmed' }
  const { value } = await rpc.call('simulateTransaction', [raw, options], simulation)
  if (value.err != null)
    throw new TransferImpossible(
      `the transfer from ${from} fails in simulation: does it hold the amount and a fee in SOL, and has the payer a token account?`,
    )
}

/** The transaction is ours, so it is looked up as our own settlements are. */
async function outcomeOf(rpc: Rpc, network: Caip2, attempt: Attempt): Promise<TransferOutcome> {
  const traced = read(network, attempt)
  if (!traced) return { outcome: 'unknown' }
  const found = await lookup(rpc, traced, attempt, undefined)
  return found.outcome === 'unspent' ? { outcome: 'unknown' } : found
}

/** What a prepared transfer says, read from its bytes; the payee is named by its token account. */
function read(network: Caip2, { raw = '' }: Attempt): Traced | undefined {
  const transaction = readTransaction(Buffer.from(raw, 'base64'))
  const [transfer] = transaction?.transfers ?? []
  if (!transaction || !transfer) return undefined
  const { mint: asset, owner, destination, amount } = transfer
  return {
    key: `${network}:${owner}:${transaction.messageHash}` as PaymentKey,
    payer: owner,
    transfer: {
      kind: 'solana-transaction',
      network,
      asset,
      from: owner,
      to: destination,
      amount: atomicUnits(amount),
      nonce: transaction.messageHash,
      window: undefined,
      endsBy: seconds(0),
    },
  }
}
