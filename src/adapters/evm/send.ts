import type { Hex } from 'viem'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { ProblemCode } from '../../domain/problems.ts'
import type { Attempt, SettleOutcome } from '../../domain/settlement.ts'
import type { Journal } from '../../ports/facilitator.ts'
import type { Lanes } from '../../ports/lanes.ts'
import { askChain, ChainUnavailable, type Network } from '../../ports/network.ts'
import { StoreUnavailable } from '../../ports/store.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import { awaitReceipt, type Broadcast } from './broadcast.ts'
import type { Head, HeadReader } from './fees.ts'
import type { Float } from './float.ts'
import { type Lane, LaneFull } from './lane.ts'
import type { Relayer, SignedTransaction } from './relayer.ts'
import type { EvmReceipt } from './shapes.ts'
import { GAS_LIMIT, provenBy, settlementCalldata } from './token.ts'

const NONCE_TRIES = 5
const LEAST_LEFT_SECONDS = 4

/** A relayer with its queue. */
export interface Runner {
  readonly relayer: Relayer
  readonly lane: Lane
  /** Asks the node how many of its transactions are mined. */
  readonly count: () => Promise<number>
}

export interface Sending {
  readonly rpc: Rpc
  readonly network: Network
  readonly lanes: Lanes
  readonly float: Float
  readonly readHead: HeadReader
  readonly broadcast: Broadcast
  readonly confirmMs: number
}

/** What became of one transaction. `again`: it can never be mined and moved nothing, so another may carry the payment. */
type Try = SettleOutcome | 'again'

const UNKNOWN = { outcome: 'unknown' } as const
const unavailable = (code: ProblemCode) => ({ outcome: 'unavailable', code }) as const

/**
 * Puts an authorization on chain: a nonce from the lane, signed, written down in the payment's record and then in the lane,
 * broadcast, its receipt looked at.
 *
 * The record comes first: what stands in the lane is sent by any keeper, so by then its record has to say so. Bytes that stand
 * in the record alone leave a nonce without bytes, which a keeper fills with nothing.
 */
export async function send(
  sending: Sending,
  runner: Runner,
  payment: IdentifiedPayment,
  journal: Journal,
): Promise<SettleOutcome> {
  const data = settlementCalldata(payment.payment.authorization)
  if (!data) return { outcome: 'refused', code: 'invalid_payload' }
  let fromBlock: string | undefined
  for (let tries = 0; tries < NONCE_TRIES; tries++) {
    const place = await takePlace(sending, runner, payment, tries > 0)
    if ('outcome' in place) return tries === 0 ? place : UNKNOWN
    const { head, nonce } = place
    const call = { to: payment.transfer.asset as Hex, data: data as Hex, value: 0n, gas: GAS_LIMIT }
    const signed = runner.relayer.sign(nonce, call, head.fees)
    fromBlock ??= `0x${head.block.toString(16)}`
    const { hash: transaction, raw } = signed
    const attempt: Attempt = { via: 'embedded', transaction, raw, fromBlock, lastValidBlockHeight: undefined }
    const end =
      (await writeDown(sending, runner, signed, attempt, journal)) ??
      (await carry(sending, runner, signed, payment, attempt))
    if (end !== 'again') return end.outcome === 'unavailable' && tries > 0 ? UNKNOWN : end
  }
  return UNKNOWN
}

/** A nonce, and where the chain stood before it was used. */
async function takePlace(
  { readHead, float }: Sending,
  { lane }: Runner,
  payment: IdentifiedPayment,
  anew: boolean,
): Promise<{ readonly nonce: number; readonly head: Head } | SettleOutcome> {
  let nonce: number | undefined
  try {
    nonce = await lane.take(payment.key)
    const head = await readHead(anew)
    const tooDear = head.baseFee > head.fees.maxFeePerGas
    // The lane may have kept it waiting: what ends before it is mined would only burn gas.
    if (!tooDear && !endsTooSoon(payment)) return { nonce, head }
    await lane.giveBack(nonce)
    if (tooDear) void float.look()
    return unavailable(tooDear ? 'facilitator_unavailable' : 'overloaded')
  } catch (error) {
    if (nonce !== undefined) await lane.giveBack(nonce)
    if (error instanceof LaneFull) return unavailable('overloaded')
    if (error instanceof StoreUnavailable) return unavailable('store_unavailable')
    if (error instanceof ChainUnavailable || error instanceof RpcError) return unavailable('chain_unavailable')
    throw error
  }
}

/** Less than a few blocks of its life are left. */
function endsTooSoon({ transfer: { window } }: IdentifiedPayment): boolean {
  return window !== undefined && window.validBefore < BigInt(Math.floor(Date.now() / 1_000) + LEAST_LEFT_SECONDS)
}

/** Undefined once both the record and the lane hold it: only then may it be sent. */
async function writeDown(
  { lanes }: Sending,
  { relayer, lane }: Runner,
  { nonce, raw }: SignedTransaction,
  attempt: Attempt,
  journal: Journal,
): Promise<Try | undefined> {
  try {
    if (!(await journal(attempt))) {
      await lane.giveBack(nonce)
      return unavailable('store_unavailable')
    }
  } catch (error) {
    await lane.giveBack(nonce)
    throw error
  }
  try {
    if (await lanes.write(relayer.id, nonce, raw)) return undefined
    // A keeper took it for abandoned, or it was used elsewhere: ours can never be mined.
    lane.leave(nonce)
    return 'again'
  } catch (error) {
    lane.leave(nonce)
    // It may stand there all the same, and then a keeper sends it.
    if (error instanceof StoreUnavailable) return UNKNOWN
    throw error
  }
}

/** Broadcasts what is written down, and sees what becomes of it. */
async function carry(
  sending: Sending,
  runner: Runner,
  signed: SignedTransaction,
  payment: IdentifiedPayment,
  attempt: Attempt,
): Promise<Try> {
  const { rpc, float, broadcast, confirmMs } = sending
  const { relayer, lane, count } = runner
  const until = performance.now() + confirmMs
  const sent = await broadcast(signed, confirmMs)
  if (sent === 'rejected' || sent === 'underpriced') {
    void float.look()
    if (!(await lane.giveBack(signed.nonce))) return UNKNOWN
    return sent === 'underpriced' ? 'again' : unavailable('chain_unavailable')
  }
  const seen = sent === 'sent' ? await awaitReceipt(rpc, signed, until, count) : sent
  if (seen === undefined) {
    lane.leave(signed.nonce)
    return UNKNOWN
  }
  lane.mined(signed.nonce)
  if (seen === 'nonce-taken' || seen === 'passed') {
    await lane.recount()
    return judgeOther(sending, payment, attempt)
  }
  float.spent(relayer, seen)
  return judge(sending, seen, payment, attempt)
}

/** Another transaction has the nonce: ours with a higher fee, or one that has nothing to do with the payment. */
async function judgeOther({ network }: Sending, payment: IdentifiedPayment, attempt: Attempt): Promise<Try> {
  const found = await askChain(network, payment, attempt)
  if (found.outcome === 'settled') return found
  return found.outcome === 'unspent' ? 'again' : UNKNOWN
}

/**
 * What a mined transaction of ours means. One that moved nothing may have been overtaken: anybody can submit an EIP-3009
 * authorization, so the chain is asked whether another transaction did.
 */
async function judge(
  { network }: Sending,
  receipt: EvmReceipt,
  payment: IdentifiedPayment,
  attempt: Attempt,
): Promise<SettleOutcome> {
  const settlement = provenBy(receipt, payment.transfer)
  if (settlement) return { outcome: 'settled', settlement }
  const found = await askChain(network, payment, attempt)
  if (found.outcome === 'settled') return found
  const untouched = receipt.status === '0x0' && found.outcome === 'unspent'
  return untouched ? { outcome: 'reverted', transaction: receipt.transactionHash } : UNKNOWN
}
