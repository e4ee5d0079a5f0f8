import { decodeAbiParameters, getAddress, parseAbiParameters } from 'viem'
import type { Caip2, PaymentKey } from '../../domain/ids.ts'
import { seconds } from '../../domain/ids.ts'
import type { Eip3009Authorization, IdentifiedPayment, Payment } from '../../domain/payment.ts'
import { refuse } from '../../domain/refusal.ts'
import type { Attempt, LookupOutcome } from '../../domain/settlement.ts'
import { ChainUnavailable, type Finding, type Network } from '../../ports/network.ts'
import { answered, type Rpc, RpcError } from '../rpc.ts'
import { domainSeparator, recoverAddress, splitSignature, transferDigest } from './eip712.ts'
import { revertCode } from './reverts.ts'
import { bytes, logs as logsShape, maybeBlock, maybeReceipt, quantity } from './shapes.ts'
import {
  AUTHORIZATION_CANCELED,
  AUTHORIZATION_USED,
  authorizationStateCalldata,
  GAS_LIMIT,
  provenBy,
  settlementCalldata,
  topicOf,
} from './token.ts'

export interface EvmToken {
  readonly address: string
  readonly decimals: number
  readonly eip712: { readonly name: string; readonly version: string }
}

export interface EvmNetworkOptions {
  readonly id: Caip2
  readonly rpc: Rpc
  readonly tokens: readonly EvmToken[]
}

/** How far back logs are searched when nobody noted where to begin. */
const LOOK_BACK_BLOCKS = 2_000n

/** An EVM chain, seen through our own node. */
export function evmNetwork({ id, rpc, tokens }: EvmNetworkOptions): Network {
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

    lookup: (payment, attempt, hint) => answered(() => lookup(rpc, payment, attempt, hint)),
    inspect: () => inspect(rpc, chainId, tokens),
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
  const transfer = { network: id, asset, from, to, amount: value, window: { validAfter, validBefore }, endsBy }
  return {
    payment,
    key,
    signed: Buffer.from(digest).toString('hex'),
    payer: getAddress(from),
    transfer,
    sponsored: undefined,
  }
}

async function receiptProof(rpc: Rpc, hash: string, { transfer }: IdentifiedPayment, { nonce }: Eip3009Authorization) {
  if (!/^0x[0-9a-fA-F]{64}$/.test(hash)) return undefined
  const receipt = await rpc.call('eth_getTransactionReceipt', [hash], maybeReceipt)
  return receipt ? provenBy(receipt, transfer, nonce) : undefined
}

async function lookup(
  rpc: Rpc,
  payment: IdentifiedPayment,
  attempt: Attempt | undefined,
  hint: string | undefined,
): Promise<LookupOutcome> {
  const { authorization } = payment.payment
  if (authorization.kind !== 'eip3009') return { outcome: 'unknown' }
  for (const hash of new Set([hint, attempt?.transaction])) {
    const settlement = hash && (await receiptProof(rpc, hash, payment, authorization))
    if (settlement) return { outcome: 'settled', settlement }
  }
  return searchLogs(rpc, payment, authorization, attempt)
}

/** Finds what was done with an authorization, whoever did it. */
async function searchLogs(
  rpc: Rpc,
  payment: IdentifiedPayment,
  authorization: Eip3009Authorization,
  attempt: Attempt | undefined,
): Promise<LookupOutcome> {
  const { asset } = payment.transfer
  const { from, nonce, validBefore } = authorization
  const logs = await rpc.call(
    'eth_getLogs',
    [
      {
        address: asset,
        fromBlock: attempt?.fromBlock ?? (await blocksAgo(rpc, LOOK_BACK_BLOCKS)),
        toBlock: 'latest',
        topics: [[AUTHORIZATION_USED, AUTHORIZATION_CANCELED], topicOf(from), nonce],
      },
    ],
    logsShape,
  )
  const [log] = logs
  if (log?.topics[0] === AUTHORIZATION_USED) {
    const settlement = await receiptProof(rpc, log.transactionHash, payment, authorization)
    // Used, but not for this transfer as we know it: nothing is certain, so nothing is guessed.
    return settlement ? { outcome: 'settled', settlement } : { outcome: 'unknown' }
  }
  // Void is what can never be spent any more, and no reorg brings back: cancelled, or unused in a block whose time is past
  // the end, both as finalised (design: void).
  const finalized = await rpc.call('eth_getBlockByNumber', ['finalized', false], maybeBlock)
  const cancelled = log !== undefined
  if (!finalized || (!cancelled && finalized.timestamp < validBefore)) return { outcome: 'unspent' }
  const state = { to: asset, data: authorizationStateCalldata(from, nonce) }
  const closed = (await rpc.call('eth_call', [state, 'finalized'], quantity)) !== 0n
  if (cancelled) return { outcome: closed ? 'void' : 'unspent' }
  return { outcome: closed ? 'unknown' : 'void' }
}

async function blocksAgo(rpc: Rpc, count: bigint): Promise<string> {
  const head = await rpc.call('eth_blockNumber', [], quantity)
  return toQuantity(head > count ? head - count : 0n)
}

const toQuantity = (value: bigint): string => `0x${value.toString(16)}`

const STRING_RESULT = parseAbiParameters('string')
/** Selectors of `decimals()`, `name()`, `version()`. */
const READ = { decimals: '0x313ce567', name: '0x06fdde03', version: '0x54fd4d50' } as const

async function inspect(rpc: Rpc, chainId: bigint, tokens: readonly EvmToken[]): Promise<Finding[]> {
  const actual = await rpc.call('eth_chainId', [], quantity)
  const findings: Finding[] = [
    { ok: actual === chainId, what: `chain id ${actual}`, fix: `point rpc at a node of chain ${chainId}`, fatal: true },
  ]
  for (const { address, decimals, eip712 } of tokens) {
    const read = (selector: string) => rpc.call('eth_call', [{ to: address, data: selector }, 'latest'], bytes)
    const text = async (selector: string) =>
      decodeAbiParameters(STRING_RESULT, (await read(selector)) as `0x${string}`)[0]
    try {
      const actualDecimals = Number(BigInt(await read(READ.decimals)))
      const [name, version] = [await text(READ.name), await text(READ.version)]
      findings.push(
        {
          ok: actualDecimals === decimals,
          what: `${address} has ${actualDecimals} decimals`,
          fix: `set decimals to ${actualDecimals}`,
          fatal: true,
        },
        {
          ok: name === eip712.name && version === eip712.version,
          what: `${address} signs as "${name}" version "${version}"`,
          fix: `set eip712 to { "name": "${name}", "version": "${version}" }`,
          fatal: true,
        },
      )
    } catch (error) {
      if (error instanceof ChainUnavailable) throw error
      findings.push({
        ok: false,
        what: `${address} is no token with EIP-712 name and version`,
        fix: 'check the address of the asset on this network',
      })
    }
  }
  return findings
}
