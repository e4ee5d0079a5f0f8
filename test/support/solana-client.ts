import { type Blockhash, createKeyPairSignerFromBytes, getBase58Encoder } from '@solana/kit'
import type { SolanaChain } from '../../devnet/solana/index.ts'
import type { WireOffer } from './evm-payment.ts'
import { computeLimit, computePrice, memo, signed, transfer } from './solana-payment.ts'

/** Signs a Solana offer as a client does, with the cluster's latest blockhash. */
export async function signSolana(
  solana: SolanaChain,
  offer: WireOffer,
  { amount = BigInt(offer.amount), note = crypto.randomUUID(), price = 1 } = {},
) {
  const payer = await createKeyPairSignerFromBytes(getBase58Encoder().encode(solana.accounts.payer.secretKey))
  const blockhash = await latestBlockhash(solana)
  const instructions = [
    computeLimit(20_000),
    computePrice(price),
    await transfer({ payer, amount, mint: offer.asset, payTo: offer.payTo }),
    memo(note),
  ]
  const wire = await signed(offer.extra['feePayer'] ?? '', instructions, blockhash)
  const payload = { transaction: Buffer.from(wire).toString('base64') }
  return {
    v1: { x402Version: 1, scheme: offer.scheme, network: 'solana-devnet', payload },
    v2: { x402Version: 2, accepted: offer, payload },
  }
}

export async function rpc<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return ((await response.json()) as { result: T }).result
}

async function latestBlockhash({ rpcUrl }: SolanaChain): Promise<Blockhash> {
  return (await rpc<{ value: { blockhash: Blockhash } }>(rpcUrl, 'getLatestBlockhash')).value.blockhash
}
