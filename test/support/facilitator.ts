import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { x402Facilitator } from '@x402/core/facilitator'
import { toFacilitatorEvmSigner } from '@x402/evm'
import { ExactEvmScheme } from '@x402/evm/exact/facilitator'
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/facilitator'
import { createWalletClient, defineChain, type Hex, http, publicActions } from 'viem'
import { nonceManager, privateKeyToAccount } from 'viem/accounts'
import type { EvmChain } from '../../devnet/evm/index.ts'

type Reply = { status?: number; headers?: Record<string, string>; body: string } | 'hang' | 'cut'
/** What an endpoint answers instead of the truth; `settle` does the honest thing first when asked to. */
export interface Lie {
  readonly path: '/settle' | '/supported'
  readonly settleFirst?: boolean
  readonly reply: Reply
}

/** The SDK's own facilitator behind HTTP, which lies when told to: a fault no honest one can be brought to. */
export interface TestFacilitator {
  readonly url: string
  readonly calls: string[]
  lie(lie: Lie | undefined): void
  stop(): Promise<void>
}

export async function startFacilitator(evm: EvmChain): Promise<TestFacilitator> {
  const chain = defineChain({
    id: evm.chainId,
    name: 'devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [evm.rpcUrl] } },
  })
  const account = privateKeyToAccount(evm.accounts.facilitator.privateKey as Hex, { nonceManager })
  const client = createWalletClient({ account, chain, transport: http(evm.rpcUrl), pollingInterval: 20 }).extend(
    publicActions,
  )
  const signer = toFacilitatorEvmSigner({
    ...client,
    address: account.address,
    getCode: (args: { address: Hex }) => client.getCode(args),
  } as never)
  const honest = new x402Facilitator().register(evm.network, new ExactEvmScheme(signer))
  honest.registerV1('base-sepolia' as never, new ExactEvmSchemeV1(signer))

  let current: Lie | undefined
  const calls: string[] = []
  const answer = async (path: string, body: string): Promise<Reply> => {
    const lie = current?.path === path ? current : undefined
    if (lie && !lie.settleFirst) return lie.reply
    if (path === '/supported') return { body: JSON.stringify(honest.getSupported()) }
    const { paymentPayload, paymentRequirements } = JSON.parse(body)
    const result =
      path === '/verify'
        ? await honest.verify(paymentPayload, paymentRequirements)
        : await honest.settle(paymentPayload, paymentRequirements)
    return lie?.reply ?? { body: JSON.stringify(result) }
  }
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const path = request.url ?? ''
    calls.push(path)
    const reply = await answer(path, Buffer.concat(pieces).toString())
    if (reply === 'hang') return
    if (reply === 'cut') return void response.socket?.destroy()
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers }).end(reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    lie(lie) {
      current = lie
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
