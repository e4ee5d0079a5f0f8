import type { Caip2, PaymentKey } from '../../domain/ids.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import type { Transfers } from '../../ports/transfers.ts'
import { type Booked, type Books, isPaid, isPending, readBooks } from './books.ts'
import { compare, type Watched } from './compare.ts'
import { payeeOf, refundSource } from './expected.ts'
import { type Account, accountId, type Difference, type Pending, type Verification } from './verification.ts'

export interface VerifyOptions {
  readonly ledger: () => AsyncIterable<LedgerEntry>
  /** What is sold for, by the price list; the ledger's own accounts come on top. */
  readonly accounts: readonly Account[]
  readonly transfers: ReadonlyMap<Caip2, Transfers>
  /** Where to begin on a network. By default at the ledger's first payment, and a day back at the least: a lost ledger has no first. */
  readonly fromBlocks: ReadonlyMap<Caip2, bigint>
}

/**
 * Holds the whole ledger against the chains (invariant 4: ledger sum = on-chain balance change per asset and payee).
 *
 * The chains' heads are noted before the ledger is read: what our gateways have sent up to there is written down by then, so
 * it may run beside them. Holds one line for each payment in memory.
 *
 * @throws StoreUnavailable
 */
export async function verifyLedger({ ledger, accounts, transfers, fromBlocks }: VerifyOptions): Promise<Verification> {
  const heads = new Map<Caip2, bigint | undefined>()
  for (const [network, chain] of transfers) heads.set(network, await orUndefined(chain.head()))
  const books = await readBooks(ledger())
  const found = { sums: [], differences: [], other: [] } as {
    -readonly [Part in 'sums' | 'differences' | 'other']: Verification[Part][number][]
  }
  const landed = new Map<PaymentKey, string>()
  for (const watched of allAccounts(accounts, books)) {
    const { account } = watched
    const chain = transfers.get(account.network)
    const to = heads.get(account.network)
    try {
      if (!chain) throw new ChainUnavailable('no network of the price list has this id')
      if (to === undefined) throw new ChainUnavailable('its node does not answer')
      const from = fromBlocks.get(account.network) ?? (await firstBlock(books, account.network, chain, to))
      const comparison = await compare(watched, books, chain, { from, to })
      found.sums.push(comparison.sum)
      found.differences.push(...comparison.differences)
      found.other.push(...comparison.other)
      for (const [key, transaction] of comparison.landed) landed.set(key, transaction)
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error
      found.differences.push(unasked(account, error))
    }
  }
  const pending = [...books.values()].filter(isPending).flatMap((booked) => pendingBy(booked, landed.get(booked.key)))
  return { ok: found.differences.length === 0, ...found, pending }
}

function allAccounts(listed: readonly Account[], books: Books): Iterable<Watched> {
  const watched = new Map<string, Watched>()
  const watch = (account: Account | undefined, refundsOnly: boolean) => {
    const id = account && accountId(account)
    if (id && !watched.has(id)) watched.set(id, { account, refundsOnly })
  }
  for (const account of listed) watch(account, false)
  const paid = [...books.values()].filter(isPaid)
  for (const booked of paid) watch(payeeOf(booked), false)
  for (const booked of paid) watch(refundSource(booked), true)
  return watched.values()
}

async function firstBlock(books: Books, network: Caip2, chain: Transfers, head: bigint): Promise<bigint> {
  let first = head > chain.blocksPerDay ? head - chain.blocksPerDay : 0n
  for (const booked of books.values()) {
    if (!isPaid(booked) || booked.settlement.network !== network) continue
    const { block, transaction } = booked.settlement
    const at = block === undefined ? await chain.blockOf(transaction) : BigInt(block)
    if (at !== undefined && at < first) first = at
  }
  return first
}

function pendingBy({ key, state, terms }: Booked, transaction: string | undefined): Pending[] {
  if (!terms) return []
  const { network, asset, to, amount } = terms.transfer
  return [{ network, asset, payee: to, payment: key, state, amount, transaction }]
}

function unasked(account: Account, { message }: ChainUnavailable): Difference {
  return { ...account, kind: 'unasked', what: `the chain cannot be asked: ${message}` }
}

async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ChainUnavailable) return undefined
    throw error
  }
}
