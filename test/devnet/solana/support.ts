import { createTransferCheckedInstruction } from '@solana/spl-token'
import { Keypair, PublicKey, Transaction, type TransactionInstruction } from '@solana/web3.js'
import { fromBase58 } from '../../../devnet/solana/bytes.ts'
import type { SolanaChain } from '../../../devnet/solana/index.ts'

export interface RpcReply {
  jsonrpc: string
  id: unknown
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely
  result?: any
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  error?: { code: number; message: string; data?: any }
}

/** Posts a body as it is and gives the parsed reply. */
export async function post(url: string, body: string): Promise<RpcReply> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return (await response.json()) as RpcReply
}

export const callOf =
  (chain: SolanaChain) =>
  (method: string, ...params: unknown[]): Promise<RpcReply> =>
    post(chain.rpcUrl, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))

export const web3Keypair = ({ secretKey }: { secretKey: string }): Keypair =>
  Keypair.fromSecretKey(fromBase58(secretKey))

/** A USDC transfer from payer to payee, signed by payer and fee payer, as an agent with web3.js 1.x builds it. */
export async function usdcTransfer(
  chain: SolanaChain,
  options: { amount?: bigint; blockhash?: string; extra?: TransactionInstruction[] } = {},
): Promise<Transaction> {
  const { payer, payee, feePayer } = chain.accounts
  const mint = chain.assets.USDC
  const [from, to] = await Promise.all([payer, payee].map(({ address }) => chain.tokenAccount(mint, address)))
  const transfer = createTransferCheckedInstruction(
    new PublicKey(from ?? ''),
    new PublicKey(mint),
    new PublicKey(to ?? ''),
    new PublicKey(payer.address),
    options.amount ?? 1_000n,
    6,
  )
  const recentBlockhash = options.blockhash ?? (await latestBlockhash(chain))
  const transaction = new Transaction({ recentBlockhash, feePayer: new PublicKey(feePayer.address) })
  transaction.add(transfer, ...(options.extra ?? []))
  transaction.sign(web3Keypair(feePayer), web3Keypair(payer))
  return transaction
}

export async function latestBlockhash(chain: SolanaChain): Promise<string> {
  const reply = await callOf(chain)('getLatestBlockhash', { commitment: 'processed' })
  return reply.result.value.blockhash
}

export const base64Of = (transaction: Transaction): string => transaction.serialize().toString('base64')

export const BASE64 = { encoding: 'base64' } as const
export const SKIP_PREFLIGHT = { ...BASE64, skipPreflight: true } as const
