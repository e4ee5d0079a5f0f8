import secp256k1 from 'secp256k1'
import { type Hex, hexToBytes, keccak256, parseTransaction, serializeTransaction } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import type { LaneId } from '../../ports/lanes.ts'

/** What a transaction does, whatever it pays for it. */
export interface Call {
  readonly to: Hex
  readonly data: Hex
  readonly value: bigint
  readonly gas: bigint
}

/** What a transaction pays at most (EIP-1559), in wei for a unit of gas. */
export interface Fees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** A transaction ready to be sent: its bytes and the hash they have on chain. */
export interface SignedTransaction {
  readonly raw: Hex
  readonly hash: Hex
  readonly nonce: number
}

/** An account that pays the gas of settlements. */
export interface Relayer {
  readonly address: Hex
  /** Names its nonces in the store. */
  readonly id: LaneId
  sign(nonce: number, call: Call, fees: Fees): SignedTransaction
}

const TRANSFER_GAS = 21_000n

export function openRelayer(privateKey: string, chainId: number): Relayer {
  const key = hexToBytes(privateKey as Hex)
  const address = privateKeyToAddress(privateKey as Hex)
  return {
    address,
    id: `eip155:${chainId}:${address.toLowerCase()}`,
    sign(nonce, { to, data, value, gas }, { maxFeePerGas, maxPriorityFeePerGas }) {
      const transaction = {
        chainId,
        type: 'eip1559',
        to,
        data,
        value,
        gas,
        nonce,
        maxFeePerGas,
        maxPriorityFeePerGas,
      } as const
      const { signature, recid } = secp256k1.ecdsaSign(keccak256(serializeTransaction(transaction), 'bytes'), key)
      const half = (from: number): Hex => `0x${Buffer.from(signature.subarray(from, from + 32)).toString('hex')}`
      const raw = serializeTransaction(transaction, { r: half(0), s: half(32), yParity: recid })
      return { raw, hash: keccak256(raw), nonce }
    },
  }
}

/** A transfer of nothing to oneself: uses a nonce up, and means nothing. */
export function filler({ address }: Relayer): Call {
  return { to: address, data: '0x', value: 0n, gas: TRANSFER_GAS }
}

/** What signed bytes do and pay; undefined for bytes that are none of ours. */
export function readTransaction(raw: string): { readonly call: Call; readonly fees: Fees } | undefined {
  try {
    const { to, data = '0x', value = 0n, gas, maxFeePerGas, maxPriorityFeePerGas = 0n } = parseTransaction(raw as Hex)
    if (!to || gas === undefined || maxFeePerGas === undefined) return undefined
    return { call: { to, data, value, gas }, fees: { maxFeePerGas, maxPriorityFeePerGas } }
  } catch {
    return undefined
  }
}
