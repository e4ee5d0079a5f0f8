import { createKeyPairSignerFromBytes, getBase58Encoder } from '@solana/kit'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { ExactSvmScheme } from '@x402/svm/exact/client'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Description } from '../../devnet/description.ts'
import type { Payer, PayerOptions } from './payer.ts'
import { Recorder, readResponse } from './recorder.ts'

/** @x402/fetch: protocol v2 on Base. */
export async function x402FetchV2({ evm }: Description, options: PayerOptions = {}): Promise<Payer> {
  const network = evm.network as `eip155:${string}`
  const { address, privateKey } = evm.payer
  const client = new x402Client().register(network, new ExactEvmScheme(privateKeyToAccount(privateKey as Hex)))
  return payer(client, { network, asset: evm.assets['USDC'] ?? '', address }, options)
}

/** @x402/fetch: protocol v2 on Solana. */
export async function x402FetchV2Solana({ solana }: Description, options: PayerOptions = {}): Promise<Payer> {
  const network = solana.network as `solana:${string}`
  const signer = await createKeyPairSignerFromBytes(getBase58Encoder().encode(solana.payer.secretKey))
  const client = new x402Client().register(network, new ExactSvmScheme(signer, { rpcUrl: solana.rpcUrl }))
  return payer(client, { network, asset: solana.assets['USDC'] ?? '', address: signer.address }, options)
}

interface Wallet extends Pick<Payer, 'asset' | 'address'> {
  readonly network: `${string}:${string}`
}

function payer(client: x402Client, wallet: Wallet, { cap }: PayerOptions): Payer {
  if (cap !== undefined) {
    const { network, asset } = wallet
    client.setSpendControls({ allowedAssets: [{ network, asset, maxAmountPerPayment: cap.toString() }] })
  }
  return {
    client: '@x402/fetch',
    protocol: 'v2',
    ...wallet,
    async pay(url, init) {
      const recorder = new Recorder('v2')
      const pay = wrapFetchWithPayment(recorder.fetch, client)
      return recorder.answer(await readResponse(await pay(url, init)), decodePaymentResponseHeader)
    },
  }
}
