import { randomUUID } from 'node:crypto'
import { fromAddress, fromBase58 } from './bytes.ts'
import type { Chain } from './chain.ts'
import { signerOf } from './keypair.ts'
import { MEMO, SYSTEM } from './programs.ts'
import { readTransaction } from './transaction.ts'
import type { TransactionError } from './transaction-error.ts'

const faucet = signerOf('faucet')
const FLOAT = 500_000_000n * 1_000_000_000n

export function fillFaucet(chain: Chain): void {
  const account = { lamports: FLOAT, owner: SYSTEM, executable: false, data: new Uint8Array() }
  chain.svm.setAccount(faucet.address, account)
}

/** Sends SOL by a real transaction, so that its signature can be followed like any other. */
export function airdrop(
  chain: Chain,
  to: string,
  lamports: bigint,
): { signature: string; err: TransactionError | null } {
  const transfer = Buffer.alloc(12)
  transfer.writeUInt32LE(2, 0)
  transfer.writeBigUInt64LE(lamports, 4)
  // Two airdrops of one amount within a block would else be one transaction.
  const memo = Buffer.from(randomUUID())
  const message = Buffer.concat([
    Buffer.of(1, 0, 2),
    Buffer.of(4),
    ...[faucet.address, to, SYSTEM, MEMO].map(fromAddress),
    fromBase58(chain.blocks.head.blockhash),
    Buffer.of(2),
    Buffer.concat([Buffer.of(2, 2, 0, 1, transfer.length), transfer]),
    Buffer.concat([Buffer.of(3, 0, memo.length), memo]),
  ])
  const transaction = readTransaction(Buffer.concat([Buffer.of(1), faucet.sign(message), message]))
  return { signature: transaction.signature, err: chain.submit(transaction) }
}
