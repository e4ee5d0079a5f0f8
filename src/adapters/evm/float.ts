import type { Log } from '../../ports/log.ts'
import { ChainUnavailable, type Finding } from '../../ports/network.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import type { Head, HeadReader } from './fees.ts'
import type { Relayer } from './relayer.ts'
import { type EvmReceipt, quantity } from './shapes.ts'
import { GAS_LIMIT } from './token.ts'

const LOOK_EVERY_MS = 15_000

export interface FloatOptions {
  readonly rpc: Rpc
  readonly relayers: readonly Relayer[]
  readonly readHead: HeadReader
  readonly chainId: number
  readonly minFloatSettlements: number
  readonly maxFeeWei: bigint | undefined
  readonly log: Log
}

/** Whether our relayers can pay for settlements: low float or dear gas takes the network off the offer. */
export interface Float {
  /** Those that can settle now; none while gas is dear. Until a node has answered, all of them. */
  able(): readonly Relayer[]
  /** Takes what a mined transaction cost off what its relayer is known to hold. */
  spent(relayer: Relayer, receipt: EvmReceipt): void
  /** Asks the node anew; one that does not answer changes nothing. */
  look(): Promise<void>
  inspect(): Promise<readonly Finding[]>
  close(): void
}

/** Looks every 15 seconds, and after each settlement by its receipt; each change is one line in the log. */
export function watchFloat(options: FloatOptions): Float {
  const { rpc, relayers, readHead, chainId, minFloatSettlements, maxFeeWei, log } = options
  const held = new Map<Relayer, bigint>()
  let head: Head | undefined
  let low: readonly Relayer[] = []
  let dear = false

  const needed = ({ fees }: Head) => fees.maxFeePerGas * GAS_LIMIT * BigInt(minFloatSettlements)
  const balanceOf = ({ address }: Relayer) => rpc.call('eth_getBalance', [address, 'latest'], quantity)

  const judge = (): void => {
    if (!head) return
    const least = needed(head)
    const before = { dear, low }
    dear = maxFeeWei !== undefined && head.baseFee > maxFeeWei
    low = relayers.filter((relayer) => (held.get(relayer) ?? least) < least)
    if (dear === before.dear && low.length === before.low.length && low.every((one) => before.low.includes(one))) return
    report(before.dear || before.low.length === relayers.length)
  }
  const report = (wasShut: boolean): void => {
    const isShut = dear || low.length === relayers.length
    const fields = { chainId, dear, low: low.map(({ address }) => address), baseFee: String(head?.baseFee) }
    if (isShut) log.warn(fields, wasShut ? 'network still not offered' : 'network withdrawn from the offer')
    else if (wasShut) log.info(fields, 'network offered again')
    else if (low.length > 0) log.warn(fields, 'relayers low on gas')
    else log.info(fields, 'relayers have gas again')
  }
  const look = async (): Promise<void> => {
    try {
      const [now, ...balances] = await Promise.all([readHead(), ...relayers.map(balanceOf)])
      head = now
      for (const [index, relayer] of relayers.entries()) held.set(relayer, balances[index] ?? 0n)
      judge()
    } catch (error) {
      if (!(error instanceof ChainUnavailable || error instanceof RpcError)) throw error
    }
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref()

  return {
    able: () => (dear ? [] : relayers.filter((relayer) => !low.includes(relayer))),
    spent(relayer, { gasUsed = 0n, effectiveGasPrice = 0n, l1Fee }) {
      const balance = held.get(relayer)
      if (balance === undefined) return
      held.set(relayer, balance - gasUsed * effectiveGasPrice - (l1Fee ?? 0n))
      judge()
    },
    look,
    async inspect() {
      const least = needed(await readHead())
      return Promise.all(
        relayers.map(async (relayer) => {
          const balance = await balanceOf(relayer)
          const what = `relayer ${relayer.address} holds ${balance} wei`
          return { ok: balance >= least, what, fix: `send it ether: at least ${least} wei` }
        }),
      )
    },
    close: () => clearInterval(timer),
  }
}
