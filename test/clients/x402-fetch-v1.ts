import { createSigner, decodeXPaymentResponse, wrapFetchWithPayment } from 'x402-fetch'
import type { Description } from '../../devnet/description.ts'
import type { Payer, PayerOptions } from './payer.ts'
import { Recorder, readResponse } from './recorder.ts'

/** x402-fetch 1.2: protocol v1 on Base. */
export async function x402FetchV1({ evm }: Description, options: PayerOptions = {}): Promise<Payer> {
  const { address, privateKey } = evm.payer
  const signer = await createSigner('base-sepolia', privateKey)
  return payer({ network: evm.network, asset: evm.assets['USDC'] ?? '', address }, signer, {}, options)
}

/** x402-fetch 1.2: protocol v1 on Solana. It adds no memo, so equal payments within one blockhash are one transaction. */
export async function x402FetchV1Solana({ solana }: Description, options: PayerOptions = {}): Promise<Payer> {
  const { address, secretKey } = solana.payer
  const signer = await createSigner('solana-devnet', secretKey)
  const config = { svmConfig: { rpcUrl: solana.rpcUrl } }
  return payer({ network: solana.network, asset: solana.assets['USDC'] ?? '', address }, signer, config, options)
}

type Wallet = Pick<Payer, 'network' | 'asset' | 'address'>
type Signer = Parameters<typeof wrapFetchWithPayment>[1]
type Config = NonNullable<Parameters<typeof wrapFetchWithPayment>[4]>

function payer(wallet: Wallet, signer: Signer, config: Config, { cap }: PayerOptions): Payer {
  return {
    client: 'x402-fetch',
    protocol: 'v1',
    ...wallet,
    async pay(url, init) {
      const recorder = new Recorder('v1')
      const pay = wrapFetchWithPayment(recorder.fetch, signer, cap, undefined, config)
      return recorder.answer(await readResponse(await pay(url, init)), decodeXPaymentResponse)
    },
  }
}
