import { fromBase58 } from '../bytes.ts'
import type { Chain, Simulation } from '../chain.ts'
import { airdrop } from '../faucet.ts'
import { feeOf } from '../fees.ts'
import { type Message, readMessage, readTransaction, type Transaction } from '../transaction.ts'
import { describeError, isMalformed, type TransactionError } from '../transaction-error.ts'
import { MalformedTransaction, WireReader } from '../wire-reader.ts'
import type { Methods } from './params.ts'
import { blockFor, type Params, withContext } from './params.ts'
import { invalidParams, RpcError } from './rpc-error.ts'
import { encodeSimulation } from './simulation-encoding.ts'

/** Sending and trying out transactions. */
export const transactionMethods = (chain: Chain): Methods => ({
  sendTransaction(params) {
    const config = params.config(1)
    const transaction = decodeTransaction(params)
    blockFor(chain, config, config.commitment('preflightCommitment'))
    if (!config.flag('skipPreflight')) refuseUnlessItRuns(chain, transaction)
    const err = chain.submit(transaction)
    if (err !== null && isMalformed(err)) throw malformed(err)
    // Whatever else became of it, the sender is told the signature: a node passes on and hears nothing back.
    return transaction.signature
  },

  simulateTransaction(params) {
    const config = params.config(1)
    const [sigVerify, replaceBlockhash] = [config.flag('sigVerify'), config.flag('replaceRecentBlockhash')]
    if (sigVerify && replaceBlockhash) {
      throw invalidParams('sigVerify may not be used with replaceRecentBlockhash')
    }
    const transaction = decodeTransaction(params)
    const block = blockFor(chain, config)
    const simulation = simulate(chain, transaction, { sigVerify, replaceBlockhash })
    return withContext(block, encodeSimulation(chain, transaction, simulation, config))
  },

  getFeeForMessage(params) {
    const block = blockFor(chain, params.config(1))
    const message = decoded('Message', () => decodeMessage(params.string(0)))
    return withContext(block, chain.blocks.isRecent(message.recentBlockhash, block) ? feeOf(message) : null)
  },

  requestAirdrop(params) {
    const { signature, err } = airdrop(chain, params.address(0), BigInt(params.count(1)))
    if (err !== null) throw new RpcError('internal', `airdrop request failed: ${describeError(err)}`)
    return signature
  },
})

function simulate(chain: Chain, transaction: Transaction, options: { sigVerify: boolean; replaceBlockhash: boolean }) {
  const simulation = chain.simulate(transaction, options)
  if (simulation.err === 'SignatureFailure') {
    throw new RpcError('signatureVerification', 'Transaction signature verification failure')
  }
  if (simulation.err !== null && isMalformed(simulation.err)) throw malformed(simulation.err)
  return simulation
}

function refuseUnlessItRuns(chain: Chain, transaction: Transaction): void {
  const simulation: Simulation = simulate(chain, transaction, { sigVerify: true, replaceBlockhash: false })
  if (simulation.err === null) return
  const message = `Transaction simulation failed: ${describeError(simulation.err)}`
  throw new RpcError('preflightFailure', message, encodeSimulation(chain, transaction, simulation))
}

function decodeTransaction(params: Params): Transaction {
  const encoding = params.config(1).oneOf('encoding', ['base58', 'base64']) ?? 'base58'
  const text = params.string(0)
  const wire = encoding === 'base64' ? decodeBase64(text) : decodeBase58(text)
  return decoded('VersionedTransaction', () => readTransaction(wire))
}

function decodeMessage(text: string): Message {
  return readMessage(new WireReader(decodeBase64(text)))
}

function decoded<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MalformedTransaction)) throw error
    throw invalidParams(`failed to deserialize ${what}: ${error.message}`)
  }
}

function decodeBase64(text: string): Uint8Array {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw invalidParams('invalid base64 encoding')
  }
  return Buffer.from(text, 'base64')
}

function decodeBase58(text: string): Uint8Array {
  try {
    return fromBase58(text)
  } catch {
    throw invalidParams('invalid base58 encoding')
  }
}

const malformed = (error: TransactionError): RpcError => invalidParams(`invalid transaction: ${describeError(error)}`)
