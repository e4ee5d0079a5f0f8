import { randomBytes } from 'node:crypto'
import type { Catalogue, Route } from '../domain/catalogue.ts'
import { isEvm } from '../domain/chains.ts'
import { atomicUnits, type Caip2, type Fingerprint, type PaymentKey, type Seconds, seconds } from '../domain/ids.ts'
import { grantKey } from '../domain/key.ts'
import type { Offer } from '../domain/quote.ts'
import type { PaymentState } from '../domain/record.ts'
import type { Settlement } from '../domain/settlement.ts'
import type { Clock } from '../ports/clock.ts'
import type { Grant, Store } from '../ports/store.ts'
import type { ChainTransfer, Transfers } from '../ports/transfers.ts'

/** A call that is to be served without a new charge. */
export interface GrantOrder {
  readonly network: Caip2
  /** As the chain writes it. */
  readonly payer: string
  readonly route: Route
  readonly request: Fingerprint
  /** The transaction that paid for it; without one it is a present. */
  readonly transaction: string | undefined
}

export interface GrantParts {
  readonly store: Pick<Store, 'read' | 'grant' | 'ledger'>
  readonly catalogue: Catalogue
  readonly transfers: ReadonlyMap<Caip2, Transfers>
  readonly clock: Clock
  /** Digest of all that was signed for a payment, as IdentifiedPayment has it; undefined where nobody can tell. */
  readonly signed: (key: PaymentKey, settlement: Settlement) => Promise<string | undefined>
}

/**
 * What came of a grant.
 *
 * - `not-sold`: the route is sold for nothing on that network.
 * - `no-transfer`: the chain does not show that the transaction moved anything from the payer to us.
 * - `known`: that payment has a record, or that transaction was counted for a payment: nothing is granted twice.
 * - `not-open`: there is no credit under that key to give new tries to.
 */
export type GrantOutcome =
  | { readonly outcome: 'granted'; readonly grant: Grant }
  | { readonly outcome: 'renewed'; readonly key: PaymentKey }
  | { readonly outcome: 'not-sold' }
  | { readonly outcome: 'no-transfer' }
  | { readonly outcome: 'known'; readonly key: PaymentKey; readonly state: PaymentState }
  | { readonly outcome: 'not-open'; readonly state: PaymentState | undefined }

/** How long a closed grant is remembered, beyond which the ledger alone tells that its transaction was made good. */
const MEMORY_SECONDS = 86_400

/** Gives a credit whose tries are spent as many new ones. */
export async function renewTries(store: GrantParts['store'], key: PaymentKey): Promise<GrantOutcome> {
  const record = await store.read(key)
  const { state, terms, settlement, forgetAfter } = record ?? {}
  if (state !== 'credited' || !terms || !settlement || forgetAfter === undefined) return { outcome: 'not-open', state }
  const done = await store.grant({ key, terms, settlement, forgetAfter })
  return done ? { outcome: 'renewed', key } : { outcome: 'not-open', state }
}

/**
 * Opens a credit for a payer and a request: for a transaction that paid and has no record here, or as a present.
 *
 * What a transaction moved is asked of the chain, so that the ledger stays equal to it.
 *
 * @throws StoreUnavailable, ChainUnavailable
 */
export async function grantCredit(parts: GrantParts, order: GrantOrder): Promise<GrantOutcome> {
  const offer = order.route.prices.find(({ network }) => network === order.network)
  if (!offer) return { outcome: 'not-sold' }
  if (order.transaction === undefined) return open(parts, order, presentOf(order, offer))
  const paid = await findTransfer(parts, order, order.transaction)
  if (!paid) return { outcome: 'no-transfer' }
  const counted = await countedFor(parts.store, order.transaction)
  return counted ?? open(parts, order, paid)
}

/** What is made good, and under which key. */
interface Paid {
  readonly key: PaymentKey
  readonly settlement: Settlement
}

async function open(parts: GrantParts, order: GrantOrder, { key, settlement }: Paid): Promise<GrantOutcome> {
  const known = await parts.store.read(key)
  if (known) return { outcome: 'known', key, state: known.state }
  const grant = grantOf(parts, order, { key, settlement }, await parts.signed(key, settlement))
  return (await parts.store.grant(grant)) ? { outcome: 'granted', grant } : { outcome: 'not-open', state: undefined }
}

function presentOf({ network, payer }: GrantOrder, { asset, payTo }: Offer): Paid {
  const settlement = { network, asset, payer, payTo, amount: atomicUnits(0n), transaction: '' }
  return { key: grantKey(network, payer, randomBytes(16).toString('hex')), settlement }
}

/** The transfer to one of our payees that a transaction made for the payer. */
async function findTransfer(parts: GrantParts, order: GrantOrder, transaction: string): Promise<Paid | undefined> {
  const { network, payer } = order
  const chain = parts.transfers.get(network)
  const block = await chain?.blockOf(transaction)
  if (!chain || block === undefined) return undefined
  for (const { asset, payTo } of accountsOn(parts.catalogue, network))
    for await (const found of chain.between({ asset, owner: payTo }, block, block)) {
      if (found.direction !== 'in' || !sameText(found.transaction, transaction, network)) continue
      if (found.counterparty === undefined || !sameText(found.counterparty, payer, network)) continue
      return paidBy(found, { network, asset, payer, payTo })
    }
  return undefined
}

function paidBy(found: ChainTransfer, moved: Omit<Settlement, 'amount' | 'transaction' | 'block'>): Paid {
  const { amount, transaction, block, payment } = found
  const settlement = { ...moved, amount, transaction, block: block.toString() }
  return { key: payment?.key ?? grantKey(moved.network, moved.payer, transaction), settlement }
}

/** Everything a network is sold for: what, and to whom. */
function accountsOn({ routes }: Catalogue, network: Caip2): Iterable<Pick<Offer, 'asset' | 'payTo'>> {
  const offers = [...routes.values()].flatMap((methods) => [...methods.values()].flatMap(({ prices }) => prices))
  const here = offers.filter((offer) => offer.network === network)
  return new Map(here.map(({ asset, payTo }) => [`${asset} ${payTo}`, { asset, payTo }])).values()
}

/** The payment that the ledger counted a transaction for, and where it stands now. */
async function countedFor(store: GrantParts['store'], transaction: string): Promise<GrantOutcome | undefined> {
  for await (const { key, settlement, event } of store.ledger()) {
    if (settlement?.transaction !== transaction) continue
    return { outcome: 'known', key, state: (await store.read(key))?.state ?? event }
  }
  return undefined
}

function grantOf(parts: GrantParts, order: GrantOrder, { key, settlement }: Paid, digest: string | undefined): Grant {
  const { network, asset, payer, payTo, amount } = settlement
  const nonce = key.slice(key.lastIndexOf(':') + 1)
  const forgetAfter: Seconds = seconds(parts.clock.now() + MEMORY_SECONDS)
  const [from, to] = isEvm(network) ? [payer.toLowerCase(), payTo.toLowerCase()] : [payer, payTo]
  const kind = isEvm(network) ? 'eip3009' : 'solana-transaction'
  const transfer = { kind, network, asset, from, to, amount, nonce, window: undefined, endsBy: forgetAfter } as const
  const { version } = parts.catalogue
  // Without the digest the payment itself does not redeem the credit; any new one does.
  const terms = { version, route: order.route.key, request: order.request, signed: digest ?? '', payer, transfer }
  return { key, terms, settlement, forgetAfter }
}

/** Hexadecimal comes in either case, base58 in one. */
function sameText(one: string, other: string, network: Caip2): boolean {
  return isEvm(network) ? one.toLowerCase() === other.toLowerCase() : one === other
}
