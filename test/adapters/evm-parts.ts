import { randomBytes } from 'node:crypto'
import { type Hex, hexToBytes, toHex } from 'viem'
import { type EvmAccount, type EvmChain, startEvm } from '../../devnet/evm/index.ts'
import { type EmbeddedEvm, embeddedEvm } from '../../src/adapters/evm/embedded.ts'
import { evmNetwork } from '../../src/adapters/evm/network.ts'
import { openRpc, type Rpc } from '../../src/adapters/rpc.ts'
import { EMPTY_LANE, flights, giveBack, type Lane, mined, take, write } from '../../src/adapters/store/lanes-rules.ts'
import { atomicUnits, type Caip2, milliseconds } from '../../src/domain/ids.ts'
import type { IdentifiedPayment } from '../../src/domain/payment.ts'
import type { Offer } from '../../src/domain/quote.ts'
import type { Attempt } from '../../src/domain/settlement.ts'
import type { Journal } from '../../src/ports/facilitator.ts'
import type { Lanes } from '../../src/ports/lanes.ts'
import type { Network } from '../../src/ports/network.ts'
import { signBase } from '../support/evm-payment.ts'
import { baseOffer } from '../support/fixtures.ts'
import { memoryLog } from '../support/log.ts'

export const PRICE = 34_000n

/** Lanes by the stores' own rules, for tests in which no store takes part. */
export function memoryLanes(): Lanes {
  const lanes = new Map<string, Lane>()
  const at = (id: string) => lanes.get(id) ?? EMPTY_LANE
  const now = () => milliseconds(Date.now())
  const step = async <T>(work: () => T): Promise<T> => {
    await new Promise(setImmediate)
    return work()
  }
  return {
    take: (id, floor, payment) =>
      step(() => {
        const { lane, nonce } = take(at(id), floor, payment, now())
        lanes.set(id, lane)
        return nonce
      }),
    write: (id, nonce, raw, over) =>
      step(() => {
        const { lane, written } = write(at(id), nonce, raw, over, now())
        lanes.set(id, lane)
        return written
      }),
    giveBack: (id, nonce) => step(() => void lanes.set(id, giveBack(at(id), nonce))),
    mined: (id, count) => step(() => void lanes.set(id, mined(at(id), count))),
    flights: (id, count) =>
      step(() => {
        const found = flights(at(id), count)
        lanes.set(id, found.lane)
        return found.flights
      }),
  }
}

/** One instance's worth of state over a chain: a node, a network, a facilitator. */
export interface Instance {
  readonly rpc: Rpc
  readonly network: Network
  readonly facilitator: EmbeddedEvm
  readonly log: ReturnType<typeof memoryLog>
  /** What was journaled, in order. */
  readonly attempts: Attempt[]
  readonly journal: Journal
  settle(payment: IdentifiedPayment): ReturnType<EmbeddedEvm['settle']>
  close(): Promise<void>
}

export type InstanceOptions = Partial<Parameters<typeof embeddedEvm>[0]> & { readonly rpcUrl?: string }

export interface Bed {
  readonly evm: EvmChain
  readonly lane: string
  instance(lanes: Lanes, options?: InstanceOptions): Instance
  /** Signs an authorization of the payer's, and has it identified. */
  pay(options?: { from?: EvmAccount; amount?: bigint; nonce?: Hex; seconds?: number }): Promise<IdentifiedPayment>
  revenue(): Promise<bigint>
  /** The relayer's transactions, mined. */
  count(account?: EvmAccount): Promise<number>
  stop(): Promise<void>
}

/** A real chain, and instances on it. */
export async function openBed(): Promise<Bed> {
  const evm = await startEvm()
  const instances: Instance[] = []
  const id = evm.network as Caip2
  const tokens = [{ address: evm.assets.USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } }]
  const networkOver = (rpc: Rpc) => evmNetwork({ id, rpc, tokens, finalityMs: 1_000 })
  const identifier = networkOver(openRpc(evm.rpcUrl))

  return {
    evm,
    lane: `${evm.network}:${evm.accounts.relayer.address.toLowerCase()}`,
    instance(lanes, { rpcUrl = evm.rpcUrl, ...options } = {}) {
      const rpc = openRpc(rpcUrl)
      const network = networkOver(rpc)
      const log = memoryLog()
      const attempts: Attempt[] = []
      const facilitator = embeddedEvm({
        rpc,
        network,
        relayerKeys: [evm.accounts.relayer.privateKey],
        chainId: evm.chainId,
        confirmMs: 10_000,
        lanes,
        log,
        minFloatSettlements: 20,
        stuckMs: 300,
        ...options,
      })
      const journal: Journal = async (attempt) => attempts.push(attempt) > 0
      const instance: Instance = {
        rpc,
        network,
        facilitator,
        log,
        attempts,
        journal,
        settle: (payment) => facilitator.settle(payment, baseOffer as Offer, journal),
        async close() {
          await facilitator.close()
          await rpc.close()
        },
      }
      instances.push(instance)
      return instance
    },
    async pay({ from = evm.accounts.payer, amount = PRICE, nonce = toHex(randomBytes(32)), seconds = 60 } = {}) {
      const offer = {
        ...baseOffer,
        amount: String(amount),
        network: evm.network,
        payTo: evm.accounts.payee.address,
        maxTimeoutSeconds: seconds,
        extra: { name: 'USDC', version: '2' },
      }
      const { payload } = (await signBase({ privateKey: from.privateKey, offer, authorization: { nonce } })).v2
      const { authorization: signed, signature } = payload
      const found = identifier.identify({
        version: 2,
        scheme: 'exact',
        network: id,
        accepted: { ...offer, network: id, amount: atomicUnits(amount) },
        authorization: {
          kind: 'eip3009',
          from: signed.from.toLowerCase(),
          to: signed.to.toLowerCase(),
          value: atomicUnits(BigInt(signed.value)),
          validAfter: BigInt(signed.validAfter),
          validBefore: BigInt(signed.validBefore),
          nonce: signed.nonce,
          signature: hexToBytes(signature),
        },
      })
      if ('refused' in found) throw new Error(found.refused)
      return found
    },
    revenue: () => evm.balanceOf(evm.assets.USDC, evm.accounts.payee.address),
    count: ({ address } = evm.accounts.relayer) => evm.publicClient.getTransactionCount({ address }),
    async stop() {
      await Promise.all(instances.map((one) => one.close()))
      await evm.stop()
    },
  }
}

/** Runs keepers side by side again and again until something holds. */
export async function keepUntil(instances: readonly Instance[], holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    await Promise.all(instances.map(({ facilitator }) => facilitator.keep()))
    if (await holds()) return
  }
  throw new Error('it never came to hold')
}
