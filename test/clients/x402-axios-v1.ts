import type { Hex } from 'viem'
import { createSigner, decodeXPaymentResponse, withPaymentInterceptor } from 'x402-axios'
import type { Description } from '../../devnet/description.ts'
import { callWith, createAxios } from './axios-call.ts'
import type { Payer, PayerOptions } from './payer.ts'
import { Recorder } from './recorder.ts'

type Selector = NonNullable<Parameters<typeof withPaymentInterceptor>[2]>

/** x402-axios 0.7: protocol v1 on Base. */
export async function x402AxiosV1({ evm }: Description, { cap }: PayerOptions = {}): Promise<Payer> {
  const signer = await createSigner('base-sepolia', evm.payer.privateKey as Hex)
  // It has no limit of its own: an agent that wants one puts it into the selector.
  const select: Selector | undefined = cap === undefined ? undefined : (offers) => affordable(offers, cap)
  return {
    client: 'x402-axios',
    protocol: 'v1',
    network: evm.network,
    asset: evm.assets['USDC'] ?? '',
    address: evm.payer.address,
    async pay(url, init = {}) {
      const recorder = new Recorder('v1')
      const client = withPaymentInterceptor(recorder.listen(createAxios()), signer, select)
      return recorder.answer(await callWith(client, url, init), decodeXPaymentResponse)
    },
  }
}

function affordable(offers: Parameters<Selector>[0], cap: bigint): ReturnType<Selector> {
  const offer = offers.find(({ network, maxAmountRequired }) => {
    return network === 'base-sepolia' && BigInt(maxAmountRequired) <= cap
  })
  if (!offer) throw new Error('no offer is within the cap')
  return offer
}
