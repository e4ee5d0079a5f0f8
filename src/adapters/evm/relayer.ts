import secp256k1 from 'secp256k1'
import { type Hex, hexToBytes, keccak256, serializeTransaction } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import type { Rpc } from '../rpc.ts'
import { type Lane, openLane } from './lane.ts'
import { maybeBlock, quantity } from './shapes.ts'

/** A transaction ready to be sent: its bytes and the hash they have on chain. */
export interface SignedTransaction {
  readonly raw: Hex
  readonly hash: Hex
  readonly nonce: number
}

/** An account that pays the gas of settlements. */
export interface Relayer {
  readonly address: string
  readonly lane: Lane
  /** Signs a call with the next nonce; the caller tells the lane what became of it. */
  sign(to: Hex, data: Hex, gas: bigint): Promise<SignedTransaction>
}

interface Fees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly at: number
}

const FEES_FRESH_MS = 2_000
const PRIORITY_FEE_WEI = 1_000_000n

export function openRelayer(rpc: Rpc, privateKey: string, chainId: number): Relayer {
  const key = hexToBytes(privateKey as Hex)
  const address = privateKeyToAddress(privateKey as Hex)
  const lane = openLane(async () => Number(await rpc.call('eth_getTransactionCount', [address, 'pending'], quantity)))
  let fees: Promise<Fees> | undefined

  const currentFees = async (): Promise<Fees> => {
    const known = await fees?.catch(() => undefined)
    if (known && Date.now() - known.at < FEES_FRESH_MS) return known
    fees = readFees(rpc)
    return fees
  }

  return {
    address,
    lane,
    async sign(to, data, gas) {
      const { maxFeePerGas, maxPriorityFeePerGas } = await currentFees()
      const nonce = await lane.take()
      const transaction = {
        chainId,
        type: 'eip1559',
        to,
        data,
        gas,
        nonce,
        maxFeePerGas,
        maxPriorityFeePerGas,
      } as const
      const digest = keccak256(serializeTransaction(transaction), 'bytes')
      const { signature, recid } = secp256k1.ecdsaSign(digest, key)
      const half = (from: number): Hex => `0x${Buffer.from(signature.subarray(from, from + 32)).toString('hex')}`
      const raw = serializeTransaction(transaction, { r: half(0), s: half(32), yParity: recid })
      return { raw, hash: keccak256(raw), nonce }
    },
  }
}

/** Room for the base fee to double twice before a transaction gets stuck (EIP-1559 lets it rise by an eighth a block). */
async function readFees(rpc: Rpc): Promise<Fees> {
  const block = await rpc.call('eth_getBlockByNumber', ['latest', false], maybeBlock)
  const base = block?.baseFeePerGas ?? 0n
  return { maxFeePerGas: base * 4n + PRIORITY_FEE_WEI, maxPriorityFeePerGas: PRIORITY_FEE_WEI, at: Date.now() }
}
