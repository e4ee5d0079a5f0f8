import { milliseconds } from '../../../src/domain/ids.ts'
import type { Traced, Transfer } from '../../../src/domain/payment.ts'
import type { LookupOutcome, Settlement } from '../../../src/domain/settlement.ts'
import type { Facilitator } from '../../../src/ports/facilitator.ts'
import { ChainUnavailable, type Network } from '../../../src/ports/network.ts'
import { identify } from './payments.ts'
import { NETWORK } from './terms.ts'

/** Blocks until nothing undoes a block any more. */
const FINALITY = 12
const POLLS = 8

interface Sent {
  readonly hash: string
  readonly transfer: Transfer
  state: 'pending' | 'mined' | 'reverted'
  block: number
}

/** How the chain and whoever settles on it misbehave. */
export interface ChainTrouble {
  /** No node answers. */
  down: boolean
  /** What is broadcast is lost on the way, and nobody is told. */
  deaf: boolean
  /** The payers' wallets are empty: what is mined moves nothing. */
  drained: boolean
  /** The facilitator sends, and says that it has not. */
  lies: boolean
}

/** A chain that mines when told, loses what it is told to lose, and forgets blocks again. */
export interface SimChain extends ChainTrouble {
  /** Mines one block: all that is pending, unless nothing gets in. */
  mine(stuck: boolean): void
  /** Undoes the last blocks; what was in them is pending again, or lost. */
  reorg(depth: number, lost: boolean): void
  /** The payer spends the authorization's right without paying (EIP-3009 cancelAuthorization). */
  cancel(nonce: string): void
  /** Somebody else brings an authorization that was sent to the chain, in a transaction of his own. */
  frontRun(nonce: string): void
  settled(nonce: string): Settlement | undefined
  /** The finalised chain refuses the authorization for ever: it is cancelled, or ended unused. */
  isDead(nonce: string): boolean
  /** Nonces of which some block has held the transfer, undone or not. */
  readonly everSettled: ReadonlySet<string>
  /** Nonces of which a reorg has undone the transfer. */
  readonly undone: ReadonlySet<string>
  /** Nonces of which something was broadcast by us. */
  readonly everSent: ReadonlySet<string>
  /** Hashes of transfers that some block has held. */
  readonly everMined: ReadonlySet<string>
  /** Every transfer that the chain holds. */
  transfers(): readonly (Settlement & { readonly nonce: string })[]
  network(turn: () => Promise<void>): Network
  facilitator(turn: () => Promise<void>, id: () => string): Facilitator
}

export function simChain(now: () => number): SimChain {
  let sent: Sent[] = []
  /** Nonce → block of the cancellation; it is mined with the next block. */
  const cancelled = new Map<string, number>()
  const blocks: number[] = [now()]
  const height = () => blocks.length - 1
  let final = 0
  const finalized = () => {
    final = Math.max(final, height() - FINALITY)
    return final
  }
  const spent = (nonce: string) => sent.find(({ transfer, state }) => transfer.nonce === nonce && state === 'mined')
  const isCancelled = (nonce: string) => (cancelled.get(nonce) ?? Number.POSITIVE_INFINITY) <= height()
  const expired = (transfer: Transfer, at: number) => at >= Number(transfer.window?.validBefore ?? 0) * 1_000
  const proofOf = ({ hash, transfer, block }: Sent): Settlement => ({
    network: NETWORK,
    asset: transfer.asset,
    payer: transfer.from,
    payTo: transfer.to,
    amount: transfer.amount,
    transaction: hash,
    block: String(block),
  })
  /** What was looked at by nonce, and what was to be sent by hash. */
  const known = new Map<string, Transfer>()
  const everSettled = new Set<string>()
  const everSent = new Set<string>()
  const everMined = new Set<string>()
  const undone = new Set<string>()
  const include = (hash: string, transfer: Transfer) => {
    everSent.add(transfer.nonce)
    if (!sent.some((one) => one.hash === hash)) sent.push({ hash, transfer, state: 'pending', block: 0 })
  }
  const isDead = (transfer: Transfer): boolean => {
    if (spent(transfer.nonce)) return false
    return (
      (cancelled.get(transfer.nonce) ?? Number.POSITIVE_INFINITY) <= finalized() ||
      expired(transfer, blocks[finalized()] ?? 0)
    )
  }
  const ask = async (turn: () => Promise<void>): Promise<void> => {
    await turn()
    if (chain.down) throw new ChainUnavailable('down')
  }

  const chain: SimChain = {
    down: false,
    deaf: false,
    drained: false,
    lies: false,
    everSettled,
    everSent,
    everMined,
    undone,
    mine(stuck) {
      blocks.push(now())
      if (stuck) return
      for (const one of sent.filter(({ state }) => state === 'pending')) {
        const { transfer, hash } = one
        const bad = spent(transfer.nonce) || isCancelled(transfer.nonce) || expired(transfer, now()) || chain.drained
        one.state = bad ? 'reverted' : 'mined'
        one.block = height()
        if (bad) continue
        everSettled.add(transfer.nonce)
        everMined.add(hash)
      }
    },
    reorg(depth, lost) {
      const from = Math.max(finalized() + 1, height() - depth + 1)
      blocks.length = Math.max(from, 1)
      for (const [nonce, block] of cancelled)
        if (block >= from) lost ? cancelled.delete(nonce) : cancelled.set(nonce, height() + 1)
      for (const one of sent) {
        if (one.state === 'pending' || one.block < from) continue
        if (one.state === 'mined') undone.add(one.transfer.nonce)
        one.state = 'pending'
      }
      if (lost) sent = sent.filter(({ state }) => state !== 'pending')
    },
    cancel(nonce) {
      if (!spent(nonce) && !cancelled.has(nonce)) cancelled.set(nonce, height() + 1)
    },
    frontRun(nonce) {
      const transfer = known.get(nonce)
      const hash = `0xother${nonce}`
      if (!transfer || !everSent.has(nonce) || sent.some((one) => one.hash === hash)) return
      sent.unshift({ hash, transfer, state: 'pending', block: 0 })
    },
    settled: (nonce) => {
      const found = spent(nonce)
      return found && proofOf(found)
    },
    isDead(nonce) {
      const transfer = known.get(nonce)
      return transfer !== undefined && isDead(transfer)
    },
    transfers: () =>
      sent.filter(({ state }) => state === 'mined').map((one) => ({ ...proofOf(one), nonce: one.transfer.nonce })),
    network: (turn) => ({
      id: NETWORK,
      finality: milliseconds(5_000),
      identify,
      async preflight({ transfer }) {
        await ask(turn)
        known.set(transfer.nonce, transfer)
        if (spent(transfer.nonce) || isCancelled(transfer.nonce)) return 'payment_already_used'
        if (chain.drained) return 'insufficient_funds'
        return expired(transfer, now()) ? 'payment_expired' : undefined
      },
      async lookup({ transfer }): Promise<LookupOutcome> {
        await ask(turn)
        const found = spent(transfer.nonce)
        if (found) return { outcome: 'settled', settlement: proofOf(found) }
        return { outcome: isDead(transfer) ? 'void' : 'unspent' }
      },
      async position() {
        await ask(turn)
        return { fromBlock: String(height()), lastValidBlockHeight: undefined }
      },
      async review({ transfer }: Traced, { transaction }) {
        await ask(turn)
        const found = spent(transfer.nonce)
        if (found?.hash !== transaction) return 'gone'
        return found.block <= finalized() ? 'final' : 'pending'
      },
      inspect: async () => [],
    }),
    facilitator: (turn, id) => ({
      extra: () => ({}),
      honoured: () => [{}],
      async settle(payment, _offer, journal) {
        await turn()
        if (chain.down) return { outcome: 'unavailable', code: 'chain_unavailable' }
        const { transfer } = payment
        known.set(transfer.nonce, transfer)
        if (spent(transfer.nonce) || isCancelled(transfer.nonce))
          return { outcome: 'refused', code: 'payment_already_used' }
        if (expired(transfer, now())) return { outcome: 'refused', code: 'payment_expired' }
        if (chain.drained) return { outcome: 'refused', code: 'insufficient_funds' }
        const hash = id()
        known.set(hash, transfer)
        const kept = await journal({
          via: 'embedded',
          transaction: hash,
          raw: hash,
          fromBlock: '0',
          lastValidBlockHeight: undefined,
        })
        if (!kept) return { outcome: 'unavailable', code: 'store_unavailable' }
        await turn()
        if (!chain.deaf) include(hash, transfer)
        if (chain.lies) return { outcome: 'refused', code: 'invalid_transaction_state' }
        for (let poll = 0; poll < POLLS; poll++) {
          await turn()
          if (chain.down) continue
          const one = sent.find((candidate) => candidate.hash === hash)
          if (one?.state === 'mined') return { outcome: 'settled', settlement: proofOf(one) }
          if (one?.state === 'reverted')
            return spent(transfer.nonce) ? { outcome: 'unknown' } : { outcome: 'reverted', transaction: hash }
        }
        return { outcome: 'unknown' }
      },
      async resend({ raw }) {
        await turn()
        const transfer = raw === undefined ? undefined : known.get(raw)
        if (raw !== undefined && transfer && !chain.down && !chain.deaf) include(raw, transfer)
      },
      inspect: async () => [],
      close: async () => undefined,
    }),
  }
  return chain
}
