import { type SolanaChain, type SolanaOptions, startSolana } from '../../devnet/solana/index.ts'
import type { Keypair } from '../../devnet/solana/keypair.ts'
import { openRpc, type Rpc } from '../../src/adapters/rpc.ts'
import { embeddedSolana } from '../../src/adapters/solana/embedded.ts'
import { solanaNetwork } from '../../src/adapters/solana/network.ts'
import type { Caip2 } from '../../src/domain/ids.ts'
import { seconds } from '../../src/domain/ids.ts'
import type { IdentifiedPayment } from '../../src/domain/payment.ts'
import type { Offer } from '../../src/domain/quote.ts'
import type { Attempt, SettleOutcome } from '../../src/domain/settlement.ts'
import type { Facilitator } from '../../src/ports/facilitator.ts'
import type { Network } from '../../src/ports/network.ts'
import { memoryLog } from './log.ts'
import { signSolana } from './solana-client.ts'

/** A real cluster, and the gateway's parts that look at it through `rpcUrl`. */
export interface SolanaWorld {
  readonly chain: SolanaChain
  readonly rpc: Rpc
  readonly log: ReturnType<typeof memoryLog>
  /** The network port through a node; by default the world's own. */
  network(rpc?: Rpc): Promise<Network>
  facilitator(options?: FacilitatorOptions): Promise<Facilitator>
  /** What a payer signs, its signer proven. */
  payment(options?: {
    payer?: Keypair
    feePayer?: string
    amount?: bigint
    computePrice?: number
  }): Promise<IdentifiedPayment>
  /** Settles and tells what was written down. */
  settle(facilitator: Facilitator, payment: IdentifiedPayment): Promise<{ outcome: SettleOutcome; attempt: Attempt }>
  /** What the payee holds. */
  revenue(): Promise<bigint>
  stop(): Promise<void>
}

interface FacilitatorOptions {
  readonly rpc?: Rpc
  readonly feePayerKey?: string
  readonly confirmMs?: number
  readonly minFloatSettlements?: number
}

export const SOLANA_PRICE = 34_000n

export async function openSolana(options: SolanaOptions = {}): Promise<SolanaWorld> {
  const chain = await startSolana(options)
  const rpc = openRpc(chain.rpcUrl)
  const log = memoryLog()
  const { payer, payee, feePayer } = chain.accounts
  const network = (through = rpc): Promise<Network> =>
    solanaNetwork({
      id: chain.network as Caip2,
      rpc: through,
      payTo: payee.address,
      mints: [{ mint: chain.assets.USDC, decimals: 6 }],
      caps: { maxComputeUnits: 60_000, maxComputeUnitPrice: 100_000n },
      clock: { now: () => seconds(Math.floor(Date.now() / 1_000)) },
      finalityMs: 20_000,
    })
  const facilitators: Facilitator[] = []
  const offer = { amount: SOLANA_PRICE, asset: chain.assets.USDC, payTo: payee.address, extra: {} }
  return {
    chain,
    rpc,
    log,
    network,
    async facilitator({
      rpc: through = rpc,
      feePayerKey = feePayer.secretKey,
      confirmMs = 2_000,
      minFloatSettlements = 100,
    } = {}) {
      const opened = embeddedSolana({
        rpc: through,
        network: await network(through),
        feePayerKey,
        confirmMs,
        minFloatSettlements,
        log,
      })
      facilitators.push(opened)
      return opened
    },
    async payment({
      payer: from = payer,
      feePayer: sponsor = feePayer.address,
      amount = SOLANA_PRICE,
      computePrice = 1,
    } = {}) {
      const { v2 } = await signSolana(
        { ...chain, accounts: { ...chain.accounts, payer: from } },
        { ...offer, amount: String(amount), extra: { feePayer: sponsor } } as never,
        { price: computePrice },
      )
      const wire = Buffer.from(v2.payload.transaction, 'base64')
      const identified = (await network()).identify({
        version: 2,
        scheme: 'exact',
        network: chain.network as Caip2,
        accepted: undefined,
        authorization: { kind: 'solana-transaction', wire },
      })
      if ('refused' in identified) throw new Error(identified.refused)
      return identified
    },
    async settle(facilitator, payment) {
      let written: Attempt | undefined
      const outcome = await facilitator.settle(payment, offer as unknown as Offer, async (attempt) => {
        written = attempt
        return true
      })
      if (!written) throw new Error('nothing was written down')
      return { outcome, attempt: written }
    },
    revenue: () => chain.balanceOf(chain.assets.USDC, payee.address),
    async stop() {
      await Promise.all(facilitators.map((one) => one.close()))
      await rpc.close()
      await chain.stop()
    },
  }
}

/** A node that answers some questions as it is told: what no real one can be brought to when a test needs it. */
export function lyingRpc(rpc: Rpc, lies: Readonly<Record<string, (params: readonly unknown[]) => unknown>>): Rpc {
  return {
    async call(method, params, shape, timeoutMs) {
      const lie = lies[method]?.(params)
      return lie === undefined ? rpc.call(method, params, shape, timeoutMs) : shape.parse(lie)
    },
    close: async () => undefined,
  }
}
