import { getAddress } from 'viem'
import type { Caip2, PaymentKey } from '../../domain/ids.ts'
import { milliseconds, seconds } from '../../domain/ids.ts'
import type { Eip3009Authorization, IdentifiedPayment, Payment, Transfer } from '../../domain/payment.ts'
import { refuse } from '../../domain/refusal.ts'
import { ChainUnavailable, type Network } from '../../ports/network.ts'
import { answered, type Rpc, RpcError } from '../rpc.ts'
import { domainSeparator, recoverAddress, splitSignature, transferDigest } from './eip712.ts'
import { type EvmToken, inspectTokens } from './inspect.ts'
import { lookup, review } from './lookup.ts'
import { revertCode } from './reverts.ts'
import { bytes, quantity, toQuantity } from './shapes.ts'
import { GAS_LIMIT, settlementCalldata } from './token.ts'

export interface EvmNetworkOptions {
  readonly id: Caip2
  readonly rpc: Rpc
  readonly tokens: readonly EvmToken[]
  /** After how long a block is final, as a rule. */
  readonly finalityMs: number
}

/** An EVM chain, seen through our own node. */
export function evmNetwork({ id, rpc, tokens, finalityMs }: EvmNetworkOptions): Network {
  const chainId = BigInt(id.slice('eip155:'.length))
  const known = tokens.map(({ address, eip712 }) => ({
    address,
    lower: address.toLowerCase(),
    separator: domainSeparator({ ...eip712, chainId, verifyingContract: address }),
  }))

  return {
    id,
    identify(payment) {
      if (payment.authorization.kind !== 'eip3009') return refuse('invalid_payload')
      const named = payment.accepted?.asset.toLowerCase()
      // v1 names no asset: it is the one in whose domain the signature recovers the payer.
      const candidates = named === undefined ? known : known.filter(({ lower }) => lower === named)
      if (candidates.length === 0)
        return refuse('invalid_payment_requirements', { detail: 'The asset is not one that is taken here.' })
      const signature = splitSignature(payment.authorization.signature)
      const { authorization } = payment
      const token =
        signature &&
        candidates
          .map(({ address, separator }) => ({ address, digest: transferDigest(separator, authorization) }))
          .find(({ digest }) => recoverAddress(digest, signature) === authorization.from)
      if (!token) return refuse('invalid_exact_evm_payload_signature')
      return identified(id, payment, authorization, token)
    },

    async preflight({ payment, transfer }) {
      const data = settlementCalldata(payment.authorization)
      if (!data) return 'invalid_payload'
      const call = { from: transfer.to, to: transfer.asset, data, gas: toQuantity(GAS_LIMIT) }
      try {
        await rpc.call('eth_call', [call, 'latest'], bytes)
        return undefined
      } catch (error) {
        const code = revertCode(error)
        if (code) return code
        throw error instanceof RpcError ? new ChainUnavailable(`error ${error.code}`) : error
      }
    },

    position: () =>
      answered(async () => ({
        fromBlock: toQuantity(await rpc.call('eth_blockNumber', [], quantity)),
        lastValidBlockHeight: undefined,
      })),

    finality: milliseconds(finalityMs),
    lookup: (traced, attempt, hint) => answered(() => lookup(rpc, traced, attempt, hint)),
    review: (traced, settlement) => answered(() => review(rpc, traced, settlement)),
    inspect: () => inspectTokens(rpc, chainId, tokens),
  }
}

function identified(
  id: Caip2,
  payment: Payment,
  authorization: Eip3009Authorization,
  token: { address: string; digest: Uint8Array },
): IdentifiedPayment {
  const { address: asset, digest } = token
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  // Canonical: the chain itself tells authorizations apart by (token, authorizer, nonce) (EIP-3009).
  const key = `${id}:${asset.toLowerCase()}:${from}:${nonce}` as PaymentKey
  const endsBy = seconds(Number(validBefore < 2n ** 40n ? validBefore : 2n ** 40n))
  const window = { validAfter, validBefore }
  const transfer: Transfer = { kind: 'eip3009', network: id, asset, from, to, amount: value, nonce, window, endsBy }
  return {
    payment,
    key,
    signed: Buffer.from(digest).toString('hex'),
    payer: getAddress(from),
    transfer,
    sponsored: undefined,
  }
}
