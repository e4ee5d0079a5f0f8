import { parseGwei } from 'viem'
import type { Transfer } from '../../domain/payment.ts'
import type { Facilitator } from '../../ports/facilitator.ts'
import type { Lanes } from '../../ports/lanes.ts'
import type { Log } from '../../ports/log.ts'
import { ChainUnavailable, type Network } from '../../ports/network.ts'
import { preflight } from '../preflight.ts'
import { answered, type Rpc } from '../rpc.ts'
import { openBroadcast, sendAgain } from './broadcast.ts'
import { readHeads } from './fees.ts'
import { watchFloat } from './float.ts'
import { openLaneKeeper } from './keeper.ts'
import { openLane } from './lane.ts'
import { openPurses } from './purses.ts'
import { openRelayer, type Relayer } from './relayer.ts'
import { type Runner, type Sending, send } from './send.ts'
import { quantity } from './shapes.ts'
import { balanceCalldata } from './token.ts'

export interface EmbeddedEvmOptions {
  readonly rpc: Rpc
  readonly network: Network
  readonly relayerKeys: readonly string[]
  readonly chainId: number
  readonly confirmMs: number
  readonly lanes: Lanes
  readonly log: Log
  /** A relayer that cannot pay for so many settlements is not used; while none can, nothing is offered. */
  readonly minFloatSettlements: number
  /** The base fee above which nothing is offered, and the most that is paid for a unit of gas. */
  readonly maxFeeGwei?: number | undefined
  /** How long a transaction may be unmined before it is sent again, and later replaced. */
  readonly stuckMs: number
}

/** A facilitator of our own, whose lanes have to be kept. */
export type EmbeddedEvm = Facilitator & {
  /** One pass over the lanes of its relayers, to be made every few seconds by any or all of the instances. */
  keep(): Promise<void>
}

/** Settles EIP-3009 authorizations with our own relayers: simulate, take a nonce, write down, broadcast, look at the receipt. */
export function embeddedEvm(options: EmbeddedEvmOptions): EmbeddedEvm {
  const { rpc, network, relayerKeys, chainId, lanes, log, stuckMs } = options
  const maxFeeWei = options.maxFeeGwei === undefined ? undefined : parseGwei(options.maxFeeGwei.toFixed(9))
  const readHead = readHeads(rpc, maxFeeWei)
  const relayers = relayerKeys.map((key) => openRelayer(key, chainId))
  const runners = relayers.map((relayer): Runner => {
    const count = counter(rpc, relayer)
    return { relayer, count, lane: openLane({ lanes, id: relayer.id, count, onGap: () => void keeper.run() }) }
  })
  const kept = runners.map(({ relayer, count, lane }) => ({ relayer, count, onCount: lane.reset }))
  const keeper = openLaneKeeper({ rpc, lanes, relayers: kept, readHead, stuckMs, maxFeeWei, log })
  const float = watchFloat({ ...options, relayers, readHead, maxFeeWei })
  const purses = openPurses((transfer) => balanceOf(rpc, transfer))
  const sending: Sending = { ...options, float, readHead, broadcast: openBroadcast(rpc) }

  /** The least loaded of those that can pay. */
  const choose = (): Runner | undefined => {
    const able = float.able()
    return runners
      .filter(({ relayer }) => able.includes(relayer))
      .reduce<Runner | undefined>((best, one) => (best && best.lane.load() <= one.lane.load() ? best : one), undefined)
  }

  return {
    extra: () => (float.able().length > 0 ? {} : undefined),
    honoured: () => (float.able().length > 0 ? [{}] : []),
    async settle(payment, _offer, journal) {
      try {
        const close = await purses.open(payment.transfer)
        if (!close) return { outcome: 'unavailable', code: 'overloaded' }
        try {
          const refused = await preflight(network, payment)
          const runner = choose()
          if (refused) return refused
          if (!runner) return { outcome: 'unavailable', code: 'facilitator_unavailable' }
          return await send(sending, runner, payment, journal)
        } finally {
          close()
        }
      } catch (error) {
        if (error instanceof ChainUnavailable) return { outcome: 'unavailable', code: 'chain_unavailable' }
        throw error
      }
    },
    async resend({ via, raw }) {
      if (via === 'embedded' && raw !== undefined) await sendAgain(rpc, raw)
    },
    keep: () => keeper.run(),
    inspect: () => float.inspect(),
    async close() {
      float.close()
      await Promise.all([keeper.close(), ...runners.map(({ lane }) => lane.close())])
    },
  }
}

const counter =
  (rpc: Rpc, { address }: Relayer) =>
  async () =>
    Number(await rpc.call('eth_getTransactionCount', [address, 'latest'], quantity))

const balanceOf = (rpc: Rpc, { asset, from }: Transfer): Promise<bigint> =>
  answered(() => rpc.call('eth_call', [{ to: asset, data: balanceCalldata(from) }, 'latest'], quantity))
