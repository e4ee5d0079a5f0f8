import type { Hex } from 'viem'
import type { Eip3009Authorization, IdentifiedPayment } from '../../domain/payment.ts'
import type { SettleOutcome } from '../../domain/settlement.ts'
import type { Facilitator, Journal } from '../../ports/facilitator.ts'
import type { Log } from '../../ports/log.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import { awaitReceipt, type Broadcast, openBroadcast } from './broadcast.ts'
import { splitSignature } from './eip712.ts'
import { openRelayer, type Relayer, type SignedTransaction } from './relayer.ts'
import { revertCode } from './reverts.ts'
import { bytes, type EvmReceipt, quantity } from './shapes.ts'
import { provenBy, transferCalldata } from './token.ts'

/** FiatToken's transferWithAuthorization takes 60,000 to 100,000; the simulation runs under the same bound. */
const GAS_LIMIT = 200_000n
/** Below this many settlements' worth of gas the operator is told. */
const LOW_FLOAT_SETTLEMENTS = 100n
const NONCE_TRIES = 5

export interface EmbeddedEvmOptions {
  readonly rpc: Rpc
  readonly relayerKey: string
  readonly chainId: number
  readonly log: Log
  readonly confirmMs: number
}

/** Settles EIP-3009 authorizations with our own relayer: simulate, write down, broadcast, look at the receipt. */
export function embeddedEvm({ rpc, relayerKey, chainId, log, confirmMs }: EmbeddedEvmOptions): Facilitator {
  const relayer = openRelayer(rpc, relayerKey, chainId)
  const broadcast = openBroadcast(rpc, confirmMs)
  return {
    extra: () => ({}),
    async settle(payment, _offer, journal) {
      const { authorization } = payment.payment
      const signature = authorization.kind === 'eip3009' && splitSignature(authorization.signature)
      if (!signature) return { outcome: 'refused', code: 'invalid_payload' }
      const call = { to: payment.transfer.asset as Hex, data: transferCalldata(authorization, signature) as Hex }
      const refused = await simulate(rpc, relayer, call)
      if (refused) return refused
      return send({ relayer, broadcast, log, rpc, confirmMs }, call, payment, authorization, journal)
    },
    async inspect() {
      const balance = await rpc.call('eth_getBalance', [relayer.address, 'latest'], quantity)
      const price = await rpc.call('eth_gasPrice', [], quantity)
      const enough = balance >= price * GAS_LIMIT * LOW_FLOAT_SETTLEMENTS
      return [
        {
          ok: enough,
          what: `relayer ${relayer.address} holds ${balance} wei`,
          fix: `send it ether: at least ${price * GAS_LIMIT * LOW_FLOAT_SETTLEMENTS} wei`,
        },
      ]
    },
    close: async () => undefined,
  }
}

interface Call {
  readonly to: Hex
  readonly data: Hex
}

/** Asks the node to run the settlement without sending it; what would revert is refused while nothing is at stake. */
async function simulate(rpc: Rpc, relayer: Relayer, { to, data }: Call): Promise<SettleOutcome | undefined> {
  try {
    await rpc.call(
      'eth_call',
      [{ from: relayer.address, to, data, gas: `0x${GAS_LIMIT.toString(16)}` }, 'latest'],
      bytes,
    )
    return undefined
  } catch (error) {
    const code = revertCode(error)
    if (code) return { outcome: 'refused', code }
    if (error instanceof ChainUnavailable || error instanceof RpcError)
      return { outcome: 'unavailable', code: 'chain_unavailable' }
    throw error
  }
}

interface Sender {
  readonly relayer: Relayer
  readonly broadcast: Broadcast
  readonly rpc: Rpc
  readonly log: Log
  readonly confirmMs: number
}

async function send(
  sender: Sender,
  call: Call,
  payment: IdentifiedPayment,
  authorization: Eip3009Authorization,
  journal: Journal,
): Promise<SettleOutcome> {
  const { relayer, broadcast, rpc, log, confirmMs } = sender
  const { lane } = relayer
  for (let attempt = 0; attempt < NONCE_TRIES; attempt++) {
    const signed = await sign(relayer, call)
    if (!signed) return { outcome: 'unavailable', code: 'chain_unavailable' }
    if (
      !(await journal({
        via: 'embedded',
        transaction: signed.hash,
        raw: signed.raw,
        fromBlock: undefined,
        lastValidBlockHeight: undefined,
      }))
    ) {
      lane.giveBack(signed.nonce)
      return { outcome: 'unavailable', code: 'store_unavailable' }
    }
    const sent = await broadcast(signed)
    if (sent === 'nonce-taken') {
      // Someone else used this nonce: these bytes can never be mined, so another transaction may carry the payment.
      lane.resync()
      lane.done()
      log.warn({ relayer: relayer.address, nonce: signed.nonce }, 'relayer nonce taken elsewhere')
      continue
    }
    if (sent === 'rejected') {
      lane.giveBack(signed.nonce)
      return { outcome: 'unavailable', code: 'chain_unavailable' }
    }
    const receipt = sent === 'sent' ? await awaitReceipt(rpc, signed, confirmMs) : sent
    lane.done()
    return receipt ? judge(receipt, payment, authorization) : { outcome: 'unknown', transaction: signed.hash }
  }
  return { outcome: 'unavailable', code: 'overloaded' }
}

async function sign(relayer: Relayer, { to, data }: Call): Promise<SignedTransaction | undefined> {
  try {
    return await relayer.sign(to, data, GAS_LIMIT)
  } catch (error) {
    if (error instanceof ChainUnavailable || error instanceof RpcError) return undefined
    throw error
  }
}

function judge(receipt: EvmReceipt, { transfer }: IdentifiedPayment, { nonce }: Eip3009Authorization): SettleOutcome {
  const settlement = provenBy(receipt, transfer, nonce)
  if (settlement) return { outcome: 'settled', settlement }
  // Mined without the logs that prove it: reverted, or a token that is not what it was said to be.
  return { outcome: 'reverted', code: 'invalid_transaction_state', transaction: receipt.transactionHash }
}
