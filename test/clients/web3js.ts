import { getBase58Encoder } from '@solana/kit'
import type { Description } from '../../devnet/description.ts'
import { type Offer, payByHand } from './by-hand.ts'
import { encodeJson, type Payer, type PayerOptions } from './payer.ts'
import { quietly } from './quiet.ts'

const COMPUTE_UNITS = 20_000

/** An agent on @solana/web3.js 1.x and spl-token that has read the specification of v2. It adds no memo. */
export async function web3jsV2({ solana }: Description, options: PayerOptions = {}): Promise<Payer> {
  const [web3, spl] = await quietly(() => Promise.all([import('@solana/web3.js'), import('@solana/spl-token')]))
  const wallet = web3.Keypair.fromSecretKey(Uint8Array.from(getBase58Encoder().encode(solana.payer.secretKey)))
  const connection = new web3.Connection(solana.rpcUrl, 'confirmed')
  const asset = solana.assets['USDC'] ?? ''

  const transactionFor = async ({ payTo, amount, extra }: Offer): Promise<string> => {
    const mint = new web3.PublicKey(asset)
    const { decimals } = await spl.getMint(connection, mint)
    const source = spl.getAssociatedTokenAddressSync(mint, wallet.publicKey)
    const destination = spl.getAssociatedTokenAddressSync(mint, new web3.PublicKey(payTo))
    const message = new web3.TransactionMessage({
      payerKey: new web3.PublicKey(extra['feePayer'] ?? ''),
      recentBlockhash: (await connection.getLatestBlockhash()).blockhash,
      instructions: [
        web3.ComputeBudgetProgram.setComputeUnitLimit({ units: COMPUTE_UNITS }),
        web3.ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1 }),
        spl.createTransferCheckedInstruction(source, mint, destination, wallet.publicKey, BigInt(amount), decimals),
      ],
    })
    const transaction = new web3.VersionedTransaction(message.compileToV0Message())
    // The fee payer's place stays empty: the gateway signs last.
    transaction.sign([wallet])
    return Buffer.from(transaction.serialize()).toString('base64')
  }

  const sign = async (offer: Offer) =>
    encodeJson({ x402Version: 2, accepted: offer, payload: { transaction: await transactionFor(offer) } })
  const agent = { protocol: 'v2', network: solana.network, asset, sign, ...options } as const
  return {
    client: '@solana/web3.js',
    protocol: 'v2',
    network: solana.network,
    asset,
    address: wallet.publicKey.toBase58(),
    pay: (url, init) => payByHand(agent, url, init),
  }
}
