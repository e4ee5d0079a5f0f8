import type { Hex } from 'viem'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { SettleOutcome } from '../../domain/settlement.ts'
import type { Facilitator, Journal } from '../../ports/facilitator.ts'
import type { Log } from '../../ports/log.ts'
import { askChain, ChainUnavailable, type Network } from '../../ports/network.ts'
import { preflight } from '../preflight.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import { awaitReceipt, type Broadcast, openBroadcast } from './broadcast.ts'
import { LaneFull } from './lane.ts'
import { openRelayer, type Relayer, type SignedTransaction } from './relayer.ts'
import { type EvmReceipt, quantity } from './shapes.ts'
import { GAS_LIMIT, provenBy, settlementCalldata } from './token.ts'

/** Below this many settlements' worth of gas the operator is told. */
const LOW_FLOAT_SETTLEMENTS = 100n
const NONCE_TRIES = 5
const LEAST_LEFT_SECONDS = 4

export interface EmbeddedEvmOptions {
  readonly rpc: Rpc
  readonly network: Network
  readonly relayerKey: string
  readonly chainId: number
  readonly confirmMs: number
  readonly log: Log
}

interface Sender extends EmbeddedEvmOptions {
  readonly relayer: Relayer
  readonly broadcast: Broadcast
}

/** Settles EIP-3009 authorizations with our own relayer: simulate, write down, broadcast, look at the receipt. */
export function embeddedEvm(options: EmbeddedEvmOptions): Facilitator {
  const { rpc, network, relayerKey, chainId, confirmMs } = options
  const relayer = openRelayer(rpc, relayerKey, chainId)
  const sender = { ...options, relayer, broadcast: openBroadcast(rpc, confirmMs) }
  return {
    extra: () => ({}),
    settle: async (payment, _offer, journal) => (await preflight(network, payment)) ?? send(sender, payment, journal),
    async inspect() {
      const balance = await rpc.call('eth_getBalance', [relayer.address, 'latest'], quantity)
      const float = (await rpc.call('eth_gasPrice', [], quantity)) * GAS_LIMIT * LOW_FLOAT_SETTLEMENTS
      const what = `relayer ${relayer.address} holds ${balance} wei`
      return [{ ok: balance >= float, what, fix: `send it ether: at least ${float} wei` }]
    },
    close: async () => relayer.close(),
  }
}

async function send(sender: Sender, payment: IdentifiedPayment, journal: Journal): Promise<SettleOutcome> {
  const { relayer, broadcast, rpc, log, confirmMs } = sender
  for (let attempt = 0; attempt < NONCE_TRIES; attempt++) {
    const signed = await sign(relayer, payment)
    if ('outcome' in signed) return signed
    // The lane may have kept it waiting: what ends before it is mined would only burn gas.
    if (endsTooSoon(payment)) {
      relayer.abandon(signed)
      return { outcome: 'unavailable', code: 'overloaded' }
    }
    const { hash, raw, fromBlock } = signed
    const written = await journal({
      via: 'embedded',
      transaction: hash,
      raw,
      fromBlock,
      lastValidBlockHeight: undefined,
    })
    if (!written) {
      relayer.abandon(signed)
      return { outcome: 'unavailable', code: 'store_unavailable' }
    }
    const sent = await broadcast(signed)
    if (sent === 'nonce-taken') {
      // These bytes can never be mined, so another transaction may carry the payment.
      relayer.passedOver(signed)
      log.warn({ relayer: relayer.address, nonce: signed.nonce }, 'relayer nonce taken elsewhere')
      continue
    }
    if (sent === 'rejected') {
      relayer.abandon(signed)
      return { outcome: 'unavailable', code: 'chain_unavailable' }
    }
    const receipt = sent === 'sent' ? await awaitReceipt(rpc, signed, confirmMs) : sent
    if (!receipt) {
      relayer.pursue(signed)
      return { outcome: 'unknown' }
    }
    relayer.mined(signed)
    return judge(sender, receipt, payment)
  }
  return { outcome: 'unavailable', code: 'overloaded' }
}

async function sign(
  relayer: Relayer,
  { payment, transfer }: IdentifiedPayment,
): Promise<SignedTransaction | SettleOutcome> {
  const data = settlementCalldata(payment.authorization)
  if (!data) return { outcome: 'refused', code: 'invalid_payload' }
  try {
    return await relayer.sign(transfer.asset as Hex, data as Hex, GAS_LIMIT)
  } catch (error) {
    if (error instanceof LaneFull) return { outcome: 'unavailable', code: 'overloaded' }
    if (error instanceof ChainUnavailable || error instanceof RpcError)
      return { outcome: 'unavailable', code: 'chain_unavailable' }
    throw error
  }
}

/** Less than a few blocks of its life are left. */
function endsTooSoon({ transfer: { window } }: IdentifiedPayment): boolean {
  return window !== undefined && window.validBefore < BigInt(Math.floor(Date.now() / 1_000) + LEAST_LEFT_SECONDS)
}

/**
 * What a mined transaction of ours means. One that moved nothing may have been overtaken: anybody can submit an EIP-3009
 * authorization, so the chain is asked whether another transaction did.
 */
async function judge({ network }: Sender, receipt: EvmReceipt, payment: IdentifiedPayment): Promise<SettleOutcome> {
  const { authorization } = payment.payment
  const { transactionHash: transaction } = receipt
  const settlement = authorization.kind === 'eip3009' && provenBy(receipt, payment.transfer, authorization.nonce)
  if (settlement) return { outcome: 'settled', settlement }
  const found = await askChain(network, payment, undefined)
  if (found.outcome === 'settled') return found
  const untouched = receipt.status === '0x0' && found.outcome === 'unspent'
  return untouched ? { outcome: 'reverted', transaction } : { outcome: 'unknown' }
}
