import { getCompiledTransactionMessageDecoder, getTransactionDecoder } from '@solana/kit'
import { z } from 'zod'
import { atomicUnits, type Caip2, type PaymentKey } from '../../domain/ids.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import type { ChainTransfer, Holding, Transfers } from '../../ports/transfers.ts'
import { answered, type Rpc } from '../rpc.ts'
import { sponsorGuards } from './guards.ts'
import { associatedTokenAccount } from './programs.ts'
import { maybeAccount } from './shapes.ts'
import { readTransaction } from './transaction.ts'

/** The most that getSignaturesForAddress gives at once. */
const SIGNATURES_AT_ONCE = 1_000
/** So many transactions are fetched side by side. */
const FETCHED_AT_ONCE = 8
/** A slot is 400 ms. */
const SLOTS_PER_DAY = 216_000n
/** What was sponsored once may have been sponsored under other limits. */
const NO_CAPS = { maxComputeUnits: Number.MAX_SAFE_INTEGER, maxComputeUnitPrice: 2n ** 64n }

const whole = z.number().int().nonnegative()
const landedSignatures = z.array(z.object({ signature: z.string(), slot: whole, err: z.unknown() }))
const tokenBalances = z.array(
  z.object({
    accountIndex: whole,
    owner: z.string().optional(),
    uiTokenAmount: z.object({ amount: z.string().regex(/^\d{1,20}$/) }),
  }),
)
/** null while a transaction is not known, or not as final as was asked for. */
const landedTransaction = z
  .object({
    slot: whole,
    transaction: z.tuple([z.string(), z.literal('base64')]),
    meta: z.object({
      err: z.unknown(),
      preTokenBalances: tokenBalances.nullish(),
      postTokenBalances: tokenBalances.nullish(),
      loadedAddresses: z.object({ writable: z.array(z.string()), readonly: z.array(z.string()) }).nullish(),
    }),
  })
  .nullable()
type Landed = NonNullable<z.output<typeof landedTransaction>>

/** Past transfers on a Solana cluster, by what changed in the owner's associated token account. */
export function solanaTransfers(id: Caip2, rpc: Rpc): Transfers {
  const accountOf = async ({ asset, owner }: Holding): Promise<string> => {
    const { value } = await rpc.call('getAccountInfo', [asset, { encoding: 'base64' }], maybeAccount)
    if (!value) throw new ChainUnavailable(`${asset} is no mint here`)
    return associatedTokenAccount(owner, asset, value.owner)
  }
  const fetch = (signature: string): Promise<Landed | null> =>
    rpc.call(
      'getTransaction',
      [signature, { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 }],
      landedTransaction,
    )
  const fetchListed = async (signature: string): Promise<Landed> => {
    const landed = await fetch(signature)
    if (!landed) throw new ChainUnavailable(`${signature} is listed and not kept`)
    return landed
  }

  return {
    blocksPerDay: SLOTS_PER_DAY,
    head: () => answered(async () => BigInt(await rpc.call('getSlot', [{ commitment: 'confirmed' }], whole))),
    blockOf: (transaction) =>
      answered(async () => {
        if (!/^[1-9A-HJ-NP-Za-km-z]{64,90}$/.test(transaction)) return undefined
        const landed = await fetch(transaction)
        return landed && landed.meta.err == null ? BigInt(landed.slot) : undefined
      }),

    async *between(holding, from, to) {
      const account = await answered(() => accountOf(holding))
      for await (const listed of history(rpc, account, from, to))
        for (let at = 0; at < listed.length; at += FETCHED_AT_ONCE) {
          const some = listed.slice(at, at + FETCHED_AT_ONCE)
          const fetched = await answered(() => Promise.all(some.map(fetchListed)))
          for (const [index, landed] of fetched.entries()) {
            const transfer = transferIn(id, landed, some[index] ?? '', account, holding)
            if (transfer) yield transfer
          }
        }
    },

    balances: (holding, from, to) =>
      answered(async () => {
        const account = await accountOf(holding)
        let [newest, oldest]: (string | undefined)[] = []
        for await (const listed of history(rpc, account, from, to)) {
          newest ??= listed[0]
          oldest = listed.at(-1) ?? oldest
        }
        if (newest === undefined || oldest === undefined) {
          const amount = await amountNow(rpc, account)
          return { opening: amount, closing: amount }
        }
        const [first, last] = await Promise.all([fetchListed(oldest), fetchListed(newest)])
        return { opening: held(first, account).before, closing: held(last, account).after }
      }),

    close: () => rpc.close(),
  }
}

/** Signatures of what succeeded with an account from one slot to another, newest first. */
async function* history(rpc: Rpc, account: string, from: bigint, to: bigint): AsyncIterable<string[]> {
  let before: string | undefined
  for (;;) {
    const options = { limit: SIGNATURES_AT_ONCE, commitment: 'confirmed', ...(before && { before }) }
    const listed = await answered(() => rpc.call('getSignaturesForAddress', [account, options], landedSignatures))
    yield listed
      .filter(({ slot, err }) => err == null && BigInt(slot) >= from && BigInt(slot) <= to)
      .map(({ signature }) => signature)
    const oldest = listed.at(-1)
    if (!oldest || listed.length < SIGNATURES_AT_ONCE || BigInt(oldest.slot) < from) return
    before = oldest.signature
  }
}

/** An SPL token account holds its amount as a u64 at byte 64; one that does not exist holds nothing. */
async function amountNow(rpc: Rpc, account: string): Promise<bigint> {
  const { value } = await rpc.call(
    'getAccountInfo',
    [account, { encoding: 'base64', commitment: 'confirmed' }],
    maybeAccount,
  )
  const data = Buffer.from(value?.data[0] ?? '', 'base64')
  return data.length < 72 ? 0n : data.readBigUInt64LE(64)
}

/** What an account held before and after a transaction, and whose it is. */
function held({ transaction: [wire], meta }: Landed, account: string) {
  const { messageBytes } = getTransactionDecoder().decode(Buffer.from(wire, 'base64'))
  const { staticAccounts } = getCompiledTransactionMessageDecoder().decode(messageBytes)
  const { writable = [], readonly = [] } = meta.loadedAddresses ?? {}
  const place = [...staticAccounts.map(String), ...writable, ...readonly].indexOf(account)
  const [pre, post] = [meta.preTokenBalances, meta.postTokenBalances].map((balances) =>
    balances?.find(({ accountIndex }) => accountIndex === place),
  )
  return {
    before: BigInt(pre?.uiTokenAmount.amount ?? 0),
    after: BigInt(post?.uiTokenAmount.amount ?? 0),
    owner: post?.owner ?? pre?.owner,
  }
}

function transferIn(
  id: Caip2,
  landed: Landed,
  transaction: string,
  account: string,
  { asset }: Holding,
): ChainTransfer | undefined {
  const { before, after } = held(landed, account)
  if (before === after) return undefined
  const direction = after > before ? 'in' : 'out'
  const amount = atomicUnits(after > before ? after - before : before - after)
  const read = readTransaction(Buffer.from(landed.transaction[0], 'base64'))
  const [transfer] = read?.transfers ?? []
  const named = transfer && read?.transfers.length === 1 && transfer.mint === asset ? transfer : undefined
  const moved = { direction, amount, transaction, block: BigInt(landed.slot) } as const
  if (!read || !named) return { ...moved, counterparty: undefined }
  if (direction === 'out') return { ...moved, counterparty: held(landed, named.destination).owner }
  // Signed by the payer for a stranger to pay the fee: only what could be sponsored is a payment (x402, `exact` on Solana).
  const payment = sponsorGuards.every((guard) => guard.holds(read, NO_CAPS))
  const key = `${id}:${named.owner}:${read.messageHash}` as PaymentKey
  return { ...moved, counterparty: named.owner, ...(payment && { payment: { key } }) }
}
