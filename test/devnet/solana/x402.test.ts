import { createKeyPairSignerFromBytes, createSolanaRpc, devnet, type KeyPairSigner } from '@solana/kit'
import { VersionedTransaction } from '@solana/web3.js'
import { x402Client } from '@x402/core/client'
import { x402Facilitator } from '@x402/core/facilitator'
import { wrapFetchWithPayment } from '@x402/fetch'
import { toFacilitatorSvmSigner } from '@x402/svm'
import { ExactSvmScheme } from '@x402/svm/exact/client'
import { ExactSvmScheme as FacilitatorScheme } from '@x402/svm/exact/facilitator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSigner, wrapFetchWithPayment as wrapFetchV1 } from 'x402-fetch'
import { fromBase58 } from '../../../devnet/solana/bytes.ts'
import { type SolanaChain, startSolana } from '../../../devnet/solana/index.ts'
import { callOf, type RpcReply, web3Keypair } from './support.ts'

let chain: SolanaChain
let payerSigner: KeyPairSigner
beforeAll(async () => {
  chain = await startSolana()
  payerSigner = await createKeyPairSignerFromBytes(fromBase58(chain.accounts.payer.secretKey))
})
afterAll(() => chain.stop())

const received = ({ assets, accounts, balanceOf }: SolanaChain) => balanceOf(assets.USDC, accounts.payee.address)
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64').toString('utf8'))

const offer = ({ assets, accounts }: SolanaChain) => ({
  scheme: 'exact',
  asset: assets.USDC,
  payTo: accounts.payee.address,
  maxTimeoutSeconds: 60,
  extra: { feePayer: accounts.feePayer.address },
})
const termsV2 = (at: SolanaChain) => ({ ...offer(at), network: at.network, amount: '42' })
const termsV1 = (at: SolanaChain) => ({
  ...offer(at),
  network: 'solana-devnet',
  maxAmountRequired: '41',
  resource: 'http://seller.test/',
  description: '',
  mimeType: '',
})

/** A seller as small as can be: quotes in both versions, and answers a payment with what the chain says to it. */
const sellerOn =
  (at: SolanaChain): typeof fetch =>
  async (input, init) => {
    const { headers } = new Request(input, init)
    const payment = headers.get('payment-signature') ?? headers.get('x-payment')
    if (payment === null) {
      const quote = encode({ x402Version: 2, resource: { url: 'http://seller.test/' }, accepts: [termsV2(at)] })
      const body = { x402Version: 1, error: 'payment required', accepts: [termsV1(at)] }
      return Response.json(body, { status: 402, headers: { 'payment-required': quote } })
    }
    const transaction = VersionedTransaction.deserialize(Buffer.from(decode(payment).payload.transaction, 'base64'))
    transaction.sign([web3Keypair(at.accounts.feePayer)])
    const wire = Buffer.from(transaction.serialize()).toString('base64')
    return Response.json(await callOf(at)('sendTransaction', wire, { encoding: 'base64' }))
  }

const pay = async (wrapped: (url: string) => Promise<Response>) =>
  (await (await wrapped('http://seller.test/')).json()) as RpcReply

test('@x402/fetch with @x402/svm pays, and two payments are two', async () => {
  const scheme = new ExactSvmScheme(payerSigner, { rpcUrl: chain.rpcUrl })
  const wrapped = wrapFetchWithPayment(sellerOn(chain), new x402Client().register(chain.network, scheme))
  const before = await received(chain)
  const [first, second] = [await pay(wrapped), await pay(wrapped)]
  expect([first.error, second.error]).toEqual([undefined, undefined])
  expect(second.result).not.toBe(first.result)
  expect((await received(chain)) - before).toBe(84n)
})

test('x402-fetch (v1) pays, and a second payment within one block is the same transaction', async () => {
  const still = await startSolana({ slotMs: 3_600_000 })
  const signer = await createSigner('solana-devnet', still.accounts.payer.secretKey)
  const svmConfig = { rpcUrl: still.rpcUrl }
  const wrapped = wrapFetchV1(sellerOn(still), signer, undefined, undefined, { svmConfig })
  expect((await pay(wrapped)).error).toBeUndefined()
  expect((await pay(wrapped)).error?.data.err).toBe('AlreadyProcessed')
  expect(await received(still)).toBe(41n)
  await still.stop()
})

test("the SDK's own facilitator verifies and settles", async () => {
  const feePayer = await createKeyPairSignerFromBytes(fromBase58(chain.accounts.feePayer.secretKey))
  const signer = toFacilitatorSvmSigner(feePayer, { [chain.network]: createSolanaRpc(devnet(chain.rpcUrl)) })
  const facilitator = new x402Facilitator().register(chain.network, new FacilitatorScheme(signer))
  const scheme = new ExactSvmScheme(payerSigner, { rpcUrl: chain.rpcUrl })
  const accepted = termsV2(chain)
  const resource = { url: 'http://seller.test/' }
  const payment = await new x402Client()
    .register(chain.network, scheme)
    .createPaymentPayload({ x402Version: 2, resource, accepts: [accepted] })
  expect(await facilitator.verify(payment, accepted)).toMatchObject({ isValid: true })
  const before = await received(chain)
  expect(await facilitator.settle(payment, accepted)).toMatchObject({ success: true, network: chain.network })
  expect((await received(chain)) - before).toBe(42n)
})
