import { createHash } from 'node:crypto'
import type { FencingToken, Fingerprint, Milliseconds, PaymentKey, Seconds } from '../../domain/ids.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { CLOSED_STATES, type PaymentRecord, type StoredResponse } from '../../domain/record.ts'

/** A record with what the store alone needs. */
export type Kept = PaymentRecord & {
  readonly token?: FencingToken
  /** When the lease ends, in ms on the store's clock. */
  readonly lease?: number
  /** The lease is held only to ask the chain, or by the operator: to the payer the outcome is open meanwhile. */
  readonly asking?: true
  /** Name of the identifier it was claimed with. */
  readonly identifier?: string
}

/** What a payment identifier stands for. */
export interface Identifier {
  readonly binding: string
  readonly key: PaymentKey
}

/**
 * The tables of a store, as they are seen inside one transaction.
 *
 * The Redis scripts say the same in Lua, on the keys named beside each table; `test/store/contract*.test.ts` hold both to it.
 */
export interface Tables {
  now(): Milliseconds
  token(): FencingToken
  /** `payment:<key>`; what is past its expiry is not there any more, here as in the other tables. */
  record(key: PaymentKey): Kept | undefined
  put(key: PaymentKey, record: Kept): void
  /** Its expiry and its place in `due` go with it. */
  remove(key: PaymentKey): void
  /** When a record is forgotten, undefined for never; `put` leaves it as it is. */
  expire(key: PaymentKey, at: Seconds | undefined): void
  /** `set:<name>`: keys in the order in which they were added. */
  members(name: string): readonly PaymentKey[]
  add(name: string, key: PaymentKey): void
  drop(name: string, key: PaymentKey): void
  /** `due`: when the reconciler should look at a payment; undefined takes it off. */
  schedule(key: PaymentKey, at: Milliseconds | undefined): void
  /** `copy:<key>` */
  copy(key: PaymentKey): StoredResponse | undefined
  /** Keeps a response, or forgets it at a time; undefined as response removes it. */
  keep(key: PaymentKey, response: StoredResponse | undefined): void
  forgetCopy(key: PaymentKey, at: Seconds): void
  /** `identifier:<name>` */
  identifier(name: string): Identifier | undefined
  identify(name: string, identifier: Identifier | undefined, until: Seconds): void
  /** `ledger`; its time is set to that of the entry before where the clock went back. */
  append(entry: LedgerEntry): void
}

/** Who owns a key: the payer's address as it stands in the key. Everything of one owner lies in one Redis slot. */
export function ownerOf(key: PaymentKey): string {
  return key.split(':').at(-2) ?? key
}

/** Payments by the owner for one request that may have a service coming. */
export const owedSet = (key: PaymentKey, request: Fingerprint): string => `owed:${ownerOf(key)}:${request}`
/** Payments by the owner of which the chain has not said what became of them. */
export const unsettledSet = (key: PaymentKey): string => `unsettled:${ownerOf(key)}`
/** Every open credit. */
export const CREDITS = 'credits'

/** An identifier belongs to a payer: nobody can take another's (threats T12). */
export function identifierName(key: PaymentKey, id: string): string {
  return `${ownerOf(key)}:${createHash('sha256').update(id).digest('base64url')}`
}

export function isLeased(tables: Tables, { lease }: Kept): boolean {
  return lease !== undefined && lease > tables.now()
}

/** Nothing can happen to it any more: a delivered payment once its settlement is final, or where it never had one of its own. */
export function isClosed({ state, final, against }: PaymentRecord): boolean {
  return CLOSED_STATES.includes(state) && (state !== 'delivered' || final === true || against !== undefined)
}

/** The record of a payment that nobody works on. */
export function atRest({ token, lease, asking, ...record }: Kept): Kept {
  return record
}

/** What the store tells of a record. */
export function toRecord({ token, lease, asking, identifier, ...record }: Kept): PaymentRecord {
  return record
}
