import { decodePaymentResponseHeader, wrapAxiosWithPayment, x402Client } from '@x402/axios'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Description } from '../../devnet/description.ts'
import { callWith, createAxios } from './axios-call.ts'
import type { Payer, PayerOptions } from './payer.ts'
import { Recorder } from './recorder.ts'

/** @x402/axios 2.11: protocol v2 on Base. */
export async function x402AxiosV2({ evm }: Description, { cap }: PayerOptions = {}): Promise<Payer> {
  const network = evm.network as `eip155:${string}`
  const { address, privateKey } = evm.payer
  const client = new x402Client().register(network, new ExactEvmScheme(privateKeyToAccount(privateKey as Hex)))
  // The x402Client it comes with has no spend controls yet; a policy is where it takes a limit.
  if (cap !== undefined) client.registerPolicy((_, offers) => offers.filter(({ amount }) => BigInt(amount) <= cap))
  return {
    client: '@x402/axios',
    protocol: 'v2',
    network,
    asset: evm.assets['USDC'] ?? '',
    address,
    async pay(url, init = {}) {
      const recorder = new Recorder('v2')
      const paying = wrapAxiosWithPayment(recorder.listen(createAxios()), client)
      return recorder.answer(await callWith(paying, url, init), decodePaymentResponseHeader)
    },
  }
}
