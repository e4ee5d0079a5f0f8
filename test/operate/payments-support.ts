import { Keypair } from '@solana/web3.js'
import { createSIWxPayload, encodeSIWxHeader } from '@x402/extensions/sign-in-with-x'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeEach } from 'vitest'
import { evmNetwork } from '../../src/adapters/evm/network.ts'
import { evmWallets } from '../../src/adapters/evm/wallets.ts'
import { openRpc } from '../../src/adapters/rpc.ts'
import { solanaWallets } from '../../src/adapters/solana/wallets.ts'
import { atomicUnits, type Caip2, type Fingerprint, type PaymentKey, seconds } from '../../src/domain/ids.ts'
import type { PaymentRecord } from '../../src/domain/record.ts'
import type { LookupOutcome } from '../../src/domain/settlement.ts'
import { type Payments, payments } from '../../src/operate/payments.ts'
import type { Network } from '../../src/ports/network.ts'
import { StoreUnavailable } from '../../src/ports/store.ts'
import { decode as decodeStep } from '../../src/steps/decode.ts'
import { signBase } from '../support/evm-payment.ts'
import { BASE_SEPOLIA, PAYEE, requestOf, SOLANA_DEVNET, USDC } from '../support/fixtures.ts'
import { memoryLog } from '../support/log.ts'
import { solanaWallet } from '../support/wallets.ts'

export const ORIGIN = 'http://farebox.test'
const privateKey = generatePrivateKey()
export const payer = privateKeyToAccount(privateKey)
export const solanaPayer = solanaWallet(Keypair.generate().secretKey)
export const stranger = privateKeyToAccount(generatePrivateKey())
export const NONCE = `0x${'ab'.repeat(32)}`
export const KEY = `${BASE_SEPOLIA}:${USDC}:${payer.address}:${NONCE}`.toLowerCase() as PaymentKey
export const SOLANA_KEY = `${SOLANA_DEVNET}:${solanaPayer.address}:${'cd'.repeat(32)}` as PaymentKey
export const pathOf = (key: string) => `/payments/${encodeURIComponent(key)}`

const transfer = {
  kind: 'eip3009',
  network: BASE_SEPOLIA,
  asset: USDC,
  from: payer.address.toLowerCase(),
  to: PAYEE,
  amount: atomicUnits(34_000n),
  nonce: NONCE,
  window: undefined,
  endsBy: seconds(0),
} as const
export const settlement = {
  network: BASE_SEPOLIA,
  asset: USDC,
  payer: payer.address,
  payTo: PAYEE,
  amount: atomicUnits(34_000n),
  transaction: '0xsettled',
}
export const attempt = {
  via: 'embedded',
  transaction: '0xsent',
  raw: undefined,
  fromBlock: undefined,
  lastValidBlockHeight: undefined,
} as const
export const terms = {
  version: 'v1',
  route: 'GET /v2/secret',
  request: 'fingerprint' as Fingerprint,
  signed: 'digest',
  payer: payer.address,
  transfer,
}
export const recordOf = (more: Partial<PaymentRecord>): PaymentRecord => ({
  state: 'credited',
  terms,
  forgetAfter: seconds(0),
  ...more,
})

/** What the page finds, set up anew for each test. */
interface Stage {
  records: Map<string, PaymentRecord>
  /** Keys that the store was asked about. */
  reads: string[]
  storeFails: boolean
  now: number
  onChain: () => Promise<LookupOutcome>
  page: Payments
}
export const stage = {} as Stage
const rpc = openRpc('http://127.0.0.1:9')
const base = evmNetwork({
  id: BASE_SEPOLIA,
  rpc,
  tokens: [{ address: USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } }],
  finalityMs: 1_000,
})
const network: Network = { ...base, lookup: () => stage.onChain() }
afterAll(() => rpc.close())

export const serve = (publicUrl: string | undefined): Payments =>
  payments({
    store: {
      read: async (key) => {
        stage.reads.push(key)
        if (stage.storeFails) throw new StoreUnavailable('down')
        return stage.records.get(key)
      },
    },
    clock: { now: () => seconds(stage.now) },
    log: memoryLog(),
    publicUrl,
    skewSeconds: 30,
    decode: decodeStep,
    networks: new Map<Caip2, Network>([[BASE_SEPOLIA, network]]),
    wallets: new Map([
      ['eip155', evmWallets],
      ['solana', solanaWallets],
    ]),
  })
beforeEach(() => {
  stage.records = new Map([[KEY, recordOf({ settlement })]])
  stage.reads = []
  stage.storeFails = false
  stage.now = Math.floor(Date.now() / 1_000)
  stage.onChain = async () => ({ outcome: 'unknown' })
  stage.page = serve(ORIGIN)
})

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
type Body = any
export async function ask(key: string, headers: Record<string, string | string[]> = {}, method = 'GET') {
  const target = pathOf(key)
  const answer = await stage.page(target)?.(requestOf(target, { method, headers }))
  if (!answer) throw new Error('not a page')
  return { ...answer, body: answer.body as Body }
}
export const sign = (more: Parameters<typeof signBase>[0]['authorization'] = {}) =>
  signBase({
    privateKey,
    offer: {
      scheme: 'exact',
      network: BASE_SEPOLIA,
      amount: '34000',
      asset: USDC,
      payTo: PAYEE,
      maxTimeoutSeconds: 60,
      extra: { name: 'USDC', version: '2' },
    },
    authorization: { nonce: NONCE, ...more },
  })

interface SignInChange {
  readonly key?: string
  readonly signer?: typeof payer | typeof solanaPayer
  /** Signed instead of what the challenge says. */
  readonly info?: Record<string, unknown>
  /** Sent instead of what was signed. */
  readonly sent?: Record<string, unknown>
}
/** Takes the challenge and signs it as the published client does, but for what a test changes. */
export async function signIn({ key = KEY, signer = payer, info = {}, sent = {} }: SignInChange = {}) {
  const { extensions } = (await ask(key)).body
  const { info: offered, supportedChains } = extensions['sign-in-with-x']
  const complete = { ...offered, ...supportedChains[0], ...info }
  const payload = await createSIWxPayload(
    complete,
    signer as typeof payer,
    new URL(complete.uri).origin.replace(/\/\/.*/, `//${complete.domain}`),
  )
  return { 'sign-in-with-x': encodeSIWxHeader({ ...payload, ...sent }) }
}
