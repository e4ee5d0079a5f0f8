import type { Chain } from '../chain.ts'
import { accountKeysOf, type Landed } from '../ledger.ts'
import { isMemoProgram } from '../programs.ts'
import type { Methods } from './params.ts'
import { blockFor, type Config, withContext } from './params.ts'
import { invalidParams, RpcError } from './rpc-error.ts'
import { encodeMeta, encodeTransaction, TRANSACTION_ENCODINGS } from './transaction-encoding.ts'

/** Slots a node's status cache reaches back; what is older it looks up only when asked to search. */
const STATUS_CACHE_SLOTS = 332
const MAX_SIGNATURES = 1_000

/** What landed: statuses, transactions, and the history of an address. */
export const historyMethods = (chain: Chain): Methods => ({
  getSignatureStatuses(params) {
    const signatures = params.signatures(0)
    const oldest = params.config(1).flag('searchTransactionHistory') ? 0 : chain.blocks.head.slot - STATUS_CACHE_SLOTS
    const statuses = signatures.map((signature) => {
      const landed = chain.ledger.get(signature)
      return landed === undefined || landed.slot < oldest ? null : statusOf(chain, landed)
    })
    return withContext(chain.blocks.head, statuses)
  },

  getTransaction(params) {
    const config = params.config(1)
    const encoding = config.oneOf('encoding', TRANSACTION_ENCODINGS) ?? 'json'
    const landed = chain.ledger.get(params.signature(0))
    if (landed === undefined || !isVisible(chain, landed, config)) return null
    const { version } = landed.transaction.message
    const supported = config.count('maxSupportedTransactionVersion')
    if (version !== 'legacy' && (supported === undefined || version > supported)) {
      const hint = `Please try the request again with the following configuration parameter`
      throw new RpcError(
        'unsupportedTransactionVersion',
        `Transaction version (${version}) is not supported by the requesting client. ${hint}: "maxSupportedTransactionVersion": ${version}`,
      )
    }
    return {
      slot: landed.slot,
      blockTime: landed.blockTime,
      transaction: encodeTransaction(landed, encoding),
      meta: encodeMeta(landed, encoding),
      ...(supported !== undefined && { version }),
    }
  },

  getSignaturesForAddress(params) {
    const config = params.config(1)
    const limit = config.count('limit') ?? MAX_SIGNATURES
    if (limit < 1 || limit > MAX_SIGNATURES) throw invalidParams(`Invalid limit; max ${MAX_SIGNATURES}`)
    blockFor(chain, config)
    const history = chain.ledger.mentioning(params.address(0))
    const visible = history.filter((landed) => isVisible(chain, landed, config))
    return between(visible, chain, config)
      .slice(0, limit)
      .map((landed) => ({
        signature: landed.transaction.signature,
        slot: landed.slot,
        err: landed.execution.err,
        memo: memoOf(landed),
        blockTime: landed.blockTime,
        confirmationStatus: chain.blocks.commitmentOf(landed.slot, landed.landedAt),
      }))
  },
})

/** Newest first, after `before` and up to but without `until`. */
function between(history: readonly Landed[], chain: Chain, config: Config): Landed[] {
  const before = config.signature('before')
  const until = config.signature('until')
  const from = before === undefined ? undefined : chain.ledger.get(before)
  if (before !== undefined && from === undefined) return []
  const newestFirst = [...history].reverse()
  const older = from === undefined ? newestFirst : newestFirst.filter((landed) => landed.sequence < from.sequence)
  const stop = until === undefined ? undefined : chain.ledger.get(until)
  return stop === undefined ? older : older.filter((landed) => landed.sequence > stop.sequence)
}

function isVisible(chain: Chain, { slot, landedAt }: Landed, config: Config): boolean {
  const wanted = config.commitment()
  if (wanted === 'processed') throw invalidParams('Method does not support commitment below `confirmed`')
  const reached = chain.blocks.commitmentOf(slot, landedAt)
  return reached === 'finalized' || reached === wanted
}

function statusOf(chain: Chain, { slot, landedAt, execution: { err } }: Landed) {
  const confirmationStatus = chain.blocks.commitmentOf(slot, landedAt)
  return {
    slot,
    confirmations: confirmationStatus === 'finalized' ? null : Math.min(chain.blocks.head.slot - slot, 31),
    status: err === null ? { Ok: null } : { Err: err },
    err,
    confirmationStatus,
  }
}

/** All memos of a transaction as a node lists them: `[length] text`, joined by `; `. */
function memoOf(landed: Landed): string | null {
  const keys = accountKeysOf(landed)
  const memos = landed.transaction.message.instructions
    .filter(({ programIdIndex }) => isMemoProgram(keys[programIdIndex] ?? ''))
    .map(({ data }) => `[${data.length}] ${Buffer.from(data).toString('utf8')}`)
  return memos.length === 0 ? null : memos.join('; ')
}
