import { setTimeout as sleep } from 'node:timers/promises'
import secp256k1 from 'secp256k1'
import { type Hex, hexToBytes, keccak256, serializeTransaction } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import type { Rpc } from '../rpc.ts'
import { openLane } from './lane.ts'
import { bytes, maybeBlock, quantity } from './shapes.ts'

/** A transaction ready to be sent: its bytes and the hash they have on chain. */
export interface SignedTransaction {
  readonly raw: Hex
  readonly hash: Hex
  readonly nonce: number
  /** A block the chain had reached before it was signed. */
  readonly fromBlock: string
}

/** An account that pays the gas of settlements, and its nonces. Each signed transaction ends in exactly one of `mined`, `passedOver`, `abandon`, `pursue`. */
export interface Relayer {
  readonly address: Hex
  /**
   * Signs a call with the next nonce.
   *
   * @throws LaneFull, ChainUnavailable, RpcError
   */
  sign(to: Hex, data: Hex, gas: bigint): Promise<SignedTransaction>
  mined(transaction: SignedTransaction): void
  /** Somebody else's transaction was mined with its nonce: this one never can be. */
  passedOver(transaction: SignedTransaction): void
  /** It was never sent, or surely not taken; where later nonces are out, its place is filled with a transfer of nothing. */
  abandon(transaction: SignedTransaction): void
  /** It was sent and not seen again: the same bytes are sent until the nonce is used, so that no later one waits behind it. */
  pursue(transaction: SignedTransaction): void
  close(): void
}

interface Head {
  readonly block: bigint
  readonly maxFeePerGas: bigint
}

const HEAD_FRESH_MS = 2_000
const PRIORITY_FEE_WEI = 1_000_000n
const TRANSFER_GAS = 21_000n
const PURSUE_EVERY_MS = 1_000

export function openRelayer(rpc: Rpc, privateKey: string, chainId: number): Relayer {
  const key = hexToBytes(privateKey as Hex)
  const address = privateKeyToAddress(privateKey as Hex)
  const nonceAt = async (block: string) => Number(await rpc.call('eth_getTransactionCount', [address, block], quantity))
  const lane = openLane(() => nonceAt('pending'))
  const closing = new AbortController()
  let head: { readonly readAt: number; readonly block: Promise<Head> } | undefined

  /** One question to the node serves all who ask within the time it stays fresh. */
  const currentHead = (): Promise<Head> => {
    if (!head || Date.now() - head.readAt > HEAD_FRESH_MS) {
      const asked = { readAt: Date.now(), block: readHead(rpc) }
      head = asked
      asked.block.catch(() => {
        if (head === asked) head = undefined
      })
    }
    return head.block
  }
  const signWith = (
    nonce: number,
    { maxFeePerGas, block }: Head,
    to: Hex,
    data: Hex,
    gas: bigint,
  ): SignedTransaction => {
    const fees = { maxFeePerGas, maxPriorityFeePerGas: PRIORITY_FEE_WEI }
    const transaction = { chainId, type: 'eip1559', to, data, gas, nonce, ...fees } as const
    const { signature, recid } = secp256k1.ecdsaSign(keccak256(serializeTransaction(transaction), 'bytes'), key)
    const half = (from: number): Hex => `0x${Buffer.from(signature.subarray(from, from + 32)).toString('hex')}`
    const raw = serializeTransaction(transaction, { r: half(0), s: half(32), yParity: recid })
    return { raw, hash: keccak256(raw), nonce, fromBlock: `0x${block.toString(16)}` }
  }
  const pursue = async ({ raw, nonce }: SignedTransaction): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        if ((await nonceAt('latest')) > nonce) break
        await rpc.call('eth_sendRawTransaction', [raw], bytes)
      } catch {
        // The node is away, or has it already: the nonce will tell.
      }
      await sleep(PURSUE_EVERY_MS, undefined, { ref: false })
    }
    lane.done(nonce)
  }

  return {
    address,
    async sign(to, data, gas) {
      const nonce = await lane.take()
      try {
        return signWith(nonce, await currentHead(), to, data, gas)
      } catch (error) {
        // A gap behind later nonces is found when the node is asked anew.
        if (!lane.giveBack(nonce)) lane.done(nonce)
        lane.resync()
        throw error
      }
    },
    mined: ({ nonce }) => lane.done(nonce),
    passedOver({ nonce }) {
      lane.done(nonce)
      lane.resync()
    },
    abandon({ nonce }) {
      if (lane.giveBack(nonce)) return
      void currentHead().then(
        (now) => pursue(signWith(nonce, now, address, '0x', TRANSFER_GAS)),
        () => lane.resync(),
      )
    },
    pursue: (transaction) => void pursue(transaction),
    close: () => closing.abort(),
  }
}

/** Room for the base fee to double twice before a transaction gets stuck (EIP-1559 lets it rise by an eighth a block). */
async function readHead(rpc: Rpc): Promise<Head> {
  const block = await rpc.call('eth_getBlockByNumber', ['latest', false], maybeBlock)
  const base = block?.baseFeePerGas ?? 0n
  return { block: block?.number ?? 0n, maxFeePerGas: base * 4n + PRIORITY_FEE_WEI }
}
