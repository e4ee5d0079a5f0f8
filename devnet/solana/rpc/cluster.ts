import { MAX_PROCESSING_AGE, SLOTS_PER_EPOCH } from '../blocks.ts'
import type { Chain } from '../chain.ts'
import type { Methods } from './params.ts'
import { API_VERSION, blockFor, withContext } from './params.ts'
import { RpcError } from './rpc-error.ts'

/** The full hash of Solana's devnet, whose first 32 characters are the CAIP-2 reference. */
export const DEVNET_GENESIS_HASH = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG'

/** The cluster, its clock and its blockhashes. */
export const clusterMethods = (chain: Chain): Methods => ({
  getHealth: () => 'ok',
  getVersion: () => ({ 'solana-core': API_VERSION, 'feature-set': 3_640_012_085 }),
  getGenesisHash: () => DEVNET_GENESIS_HASH,
  getSlot: (params) => blockFor(chain, params.config(0)).slot,
  getBlockHeight: (params) => blockFor(chain, params.config(0)).height,
  getTransactionCount: () => chain.ledger.count,

  getEpochInfo(params) {
    const { slot, height } = blockFor(chain, params.config(0))
    return {
      absoluteSlot: slot,
      blockHeight: height,
      epoch: Math.floor(slot / SLOTS_PER_EPOCH),
      slotIndex: slot % SLOTS_PER_EPOCH,
      slotsInEpoch: SLOTS_PER_EPOCH,
      transactionCount: chain.ledger.count,
    }
  },

  getLatestBlockhash(params) {
    const block = blockFor(chain, params.config(0))
    const { blockhash, height } = block
    return withContext(block, { blockhash, lastValidBlockHeight: height + MAX_PROCESSING_AGE })
  },

  isBlockhashValid(params) {
    const block = blockFor(chain, params.config(1))
    return withContext(block, chain.blocks.isRecent(params.string(0), block))
  },

  getBlockTime(params) {
    const slot = params.count(0)
    const block = chain.blocks.inSlot(slot)
    if (block !== undefined) return block.unixTime
    throw new RpcError('longTermStorageSlotSkipped', `Slot ${slot} was skipped, or missing in long-term storage`)
  },

  getFirstAvailableBlock: () => chain.blocks.firstKept,

  getBlocksWithLimit(params) {
    const [start, limit, until] = [params.count(0), params.count(1), blockFor(chain, params.config(2))]
    const last = Math.min(until.slot, start + limit - 1)
    return Array.from({ length: Math.max(0, last - start + 1) }, (_, index) => start + index)
  },

  getRecentPrioritizationFees(params) {
    params.config(1)
    const { slot } = chain.blocks.head
    const oldest = slot - MAX_PROCESSING_AGE + 1
    return Array.from({ length: MAX_PROCESSING_AGE }, (_, index) => ({ slot: oldest + index, prioritizationFee: 0 }))
  },
})
