import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createKeyPairSignerFromBytes, createSolanaRpcFromTransport, getBase58Encoder } from '@solana/kit'
import { x402Facilitator } from '@x402/core/facilitator'
import { toFacilitatorEvmSigner } from '@x402/evm'
import { ExactEvmScheme } from '@x402/evm/exact/facilitator'
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/facilitator'
import { toFacilitatorSvmSigner } from '@x402/svm'
import { ExactSvmScheme } from '@x402/svm/exact/facilitator'
import { ExactSvmSchemeV1 } from '@x402/svm/exact/v1/facilitator'
import { createWalletClient, defineChain, http, publicActions } from 'viem'
import { nonceManager, privateKeyToAccount } from 'viem/accounts'
import type { EvmAccount, EvmChain } from '../../devnet/evm/index.ts'
import type { Keypair, SolanaChain } from '../../devnet/solana/index.ts'

/** `hang` never answers, `cut` ends the connection, `megabytes` is an answer that goes on and on. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; body: string }
  | { megabytes: number }
  | 'hang'
  | 'cut'

/** What an endpoint answers instead of the truth. */
export interface Lie {
  readonly path: '/settle' | '/supported'
  /** Does the honest thing first. */
  readonly settleFirst?: boolean
  /** Does the honest thing after all, once this resolves; `settled()` waits for it. */
  readonly settleAfter?: Promise<unknown>
  /** How long it thinks before it answers. */
  readonly delayMs?: number
  /** Without one it answers the truth. */
  readonly reply?: Reply
}

export interface FacilitatorOptions {
  /** Who pays the gas on Base; two facilitators do not share one. */
  readonly account?: EvmAccount
  readonly solana?: { readonly chain: SolanaChain; readonly feePayer: Keypair }
  /** The protocol versions it speaks; both without it. */
  readonly versions?: readonly (1 | 2)[]
}

/** A call that came in. */
export interface FacilitatorCall {
  readonly path: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into calls freely
  readonly body: any
}

/** The SDK's own facilitator behind HTTP, which lies when told to: a fault no honest one can be brought to. */
export interface TestFacilitator {
  readonly url: string
  readonly calls: FacilitatorCall[]
  /** Calls of `/settle` so far. */
  settlements(): FacilitatorCall[]
  /** Bytes of endless answers that went out. */
  sent(): number
  /** A lie for all, or by what is asked; undefined makes it honest. */
  lie(lie: Lie | ((call: FacilitatorCall) => Lie | undefined | Promise<Lie | undefined>) | undefined): void
  /** Resolves when every settlement that was put off has been made. */
  settled(): Promise<void>
  /** Refuses connections until `rise`, at the same address. */
  fall(): Promise<void>
  rise(): Promise<void>
  stop(): Promise<void>
}

export async function startFacilitator(evm: EvmChain, options: FacilitatorOptions = {}): Promise<TestFacilitator> {
  const honest = await honestFacilitator(evm, options)
  let current: Parameters<TestFacilitator['lie']>[0]
  let sent = 0
  const calls: FacilitatorCall[] = []
  const late: Promise<unknown>[] = []

  const truth = async ({ path, body }: FacilitatorCall): Promise<Reply> => {
    if (path === '/supported') return { body: JSON.stringify(honest.getSupported()) }
    const { paymentPayload, paymentRequirements } = body
    const result =
      path === '/verify'
        ? await honest.verify(paymentPayload, paymentRequirements)
        : await honest.settle(paymentPayload, paymentRequirements)
    return { body: JSON.stringify(result) }
  }
  const answer = async (call: FacilitatorCall): Promise<Reply> => {
    const told = typeof current === 'function' ? await current(call) : current
    const lie = told?.path === call.path ? told : undefined
    if (lie?.settleAfter) late.push(lie.settleAfter.then(() => truth(call)))
    if (lie?.delayMs) await new Promise((resolve) => setTimeout(resolve, lie.delayMs))
    if (!lie?.reply) return truth(call)
    if (lie.settleFirst) await truth(call)
    return lie.reply
  }
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const text = Buffer.concat(pieces).toString()
    const call = { path: request.url ?? '', body: text === '' ? undefined : JSON.parse(text) }
    calls.push(call)
    const reply = await answer(call)
    if (reply === 'hang') return
    if (reply === 'cut') return void response.socket?.destroy()
    if ('megabytes' in reply)
      return pour(response, reply.megabytes, (bytes) => {
        sent += bytes
      })
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers }).end(reply.body)
  })
  const rise = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const fall = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await rise(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    settlements: () => calls.filter(({ path }) => path === '/settle'),
    sent: () => sent,
    lie(lie) {
      current = lie
    },
    async settled() {
      await Promise.all(late.splice(0))
    },
    fall,
    rise: () => rise(port),
    stop: async () => (server.listening ? fall() : undefined),
  }
}

async function honestFacilitator(evm: EvmChain, { account, solana, versions = [1, 2] }: FacilitatorOptions) {
  const chain = defineChain({
    id: evm.chainId,
    name: 'devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [evm.rpcUrl] } },
  })
  const from = privateKeyToAccount((account ?? evm.accounts.facilitator).privateKey, { nonceManager })
  const client = createWalletClient({ account: from, chain, transport: http(evm.rpcUrl), pollingInterval: 20 })
  // The SDK wants one object of wallet and reader; its own README builds it in this way.
  const signer = toFacilitatorEvmSigner({ ...client.extend(publicActions), address: from.address } as never)
  const facilitator = new x402Facilitator()
  if (versions.includes(2)) facilitator.register(evm.network, new ExactEvmScheme(signer))
  if (versions.includes(1)) facilitator.registerV1('base-sepolia' as never, new ExactEvmSchemeV1(signer))
  if (!solana) return facilitator
  const feePayer = await createKeyPairSignerFromBytes(getBase58Encoder().encode(solana.feePayer.secretKey))
  const { network, rpcUrl } = solana.chain
  // Kit's own transport writes a Content-Length, and in a process that has loaded undici 7 Node 20's fetch then sends two.
  const rpc = createSolanaRpcFromTransport(async ({ payload }) => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(rpcUrl, { method: 'POST', headers, body: JSON.stringify(payload) })).json() as never
  })
  const svm = toFacilitatorSvmSigner(feePayer, { [network]: rpc, 'solana-devnet': rpc } as never)
  if (versions.includes(2)) facilitator.register(network, new ExactSvmScheme(svm))
  if (versions.includes(1)) facilitator.registerV1('solana-devnet' as never, new ExactSvmSchemeV1(svm))
  return facilitator
}

const MEGABYTE = Buffer.alloc(1_048_576, 'x')

/** Sends an answer as fast as it is read, and counts what went out. */
function pour(response: ServerResponse, megabytes: number, count: (bytes: number) => void): void {
  let left = megabytes
  const more = (): void => {
    if (response.destroyed) return
    if (left-- === 0) return void response.end()
    count(MEGABYTE.length)
    if (response.write(MEGABYTE)) setImmediate(more)
    else response.once('drain', more)
  }
  response.on('error', () => undefined)
  response.writeHead(200, { 'content-type': 'application/json' })
  more()
}
