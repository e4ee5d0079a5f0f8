import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  atomicUnits,
  type Caip2,
  type FencingToken,
  type Fingerprint,
  milliseconds,
  type PaymentKey,
  seconds,
} from '../../../src/domain/ids.ts'
import type { LedgerEntry } from '../../../src/domain/ledger.ts'
import type { ClaimResult, NewClaim, PaymentState, StoredResponse } from '../../../src/domain/record.ts'
import type { Attempt, Settlement } from '../../../src/domain/settlement.ts'
import type { Store } from '../../../src/ports/store.ts'

export const LEASE = milliseconds(20_000)
/** Ends before anybody can look. */
export const MOMENT = milliseconds(1)

export const settlement: Settlement = {
  network: 'eip155:84532' as Caip2,
  asset: '0xasset',
  payer: '0xpayer',
  payTo: '0xpayee',
  amount: atomicUnits(2n ** 200n),
  transaction: '0xhash',
  block: '17',
}
export const attempt: Attempt = {
  via: 'embedded',
  transaction: '0xhash',
  raw: '0xraw',
  fromBlock: undefined,
  lastValidBlockHeight: '12',
}
/** Every byte there is, and what is no UTF-8. */
export const response: StoredResponse = {
  status: 206,
  headers: [
    ['content-type', 'application/octet-stream'],
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b="é"'],
  ],
  body: Uint8Array.from({ length: 512 }, (_, i) => i % 256),
}

export const inSeconds = (span: number) => seconds(Math.floor(Date.now() / 1_000) + span)

/** A claim by a payer of its own, unless one is named. */
export function newClaim({
  payer = `0x${randomUUID().replaceAll('-', '')}`,
  request = 'a request',
  ...more
}: Partial<Omit<NewClaim, 'key' | 'terms'>> & { readonly payer?: string; readonly request?: string } = {}): NewClaim {
  const nonce = `0x${randomUUID().replaceAll('-', '')}`
  return {
    key: `eip155:84532:0xasset:${payer}:${nonce}` as PaymentKey,
    terms: {
      version: 'v1',
      route: 'GET /v2/quantmetrics',
      request: request as Fingerprint,
      signed: `digest of ${nonce}`,
      payer,
      transfer: {
        kind: 'eip3009',
        network: 'eip155:84532' as Caip2,
        asset: '0xasset',
        from: payer,
        to: '0xpayee',
        amount: atomicUnits(2n ** 255n),
        nonce,
        window: { validAfter: 0n, validBefore: 2n ** 256n - 1n },
        endsBy: seconds(1_900_000_000),
      },
    },
    forgetAfter: inSeconds(600),
    ...more,
  }
}

/** Another payment by the same payer for the same request, as a wrapper signs it for a retry. */
export function signedAnew({ terms: { payer, request } }: NewClaim, more: Partial<NewClaim> = {}): NewClaim {
  return { ...newClaim({ payer, request }), ...more }
}

export function tokenOf(result: ClaimResult): FencingToken {
  if (!('token' in result)) throw new Error(`expected a token, got ${result.outcome}`)
  return result.token
}

/** The way to each state from a claim, by legal moves. */
const WAYS: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  claimed: [],
  settling: ['settling'],
  unknown: ['settling', 'unknown'],
  settled: ['settling', 'settled'],
  delivering: ['settling', 'settled', 'delivering'],
  delivered: ['settling', 'settled', 'delivering', 'delivered'],
  credited: ['settling', 'settled', 'delivering', 'credited'],
  refunding: ['settling', 'settled', 'credited', 'refunding'],
  refunded: ['settling', 'settled', 'credited', 'refunding', 'refunded'],
  void: ['settling', 'unknown', 'void'],
}

/** Brings a payment to a state; a lease that was given up on the way is taken anew. Returns the last token. */
export async function bring(
  store: Store,
  claim: NewClaim,
  to: PaymentState,
  { lease = LEASE, tries = 1, lookIn = undefined as number | undefined } = {},
): Promise<FencingToken> {
  let token = tokenOf(await store.claim(claim, lease))
  for (const state of WAYS[to]) {
    const learnt = {
      ...(state === 'settling' && { attempt }),
      ...(state === 'settled' && { settlement }),
      ...(state === 'delivering' && { tries }),
    }
    const move = { to: state, learnt, ...(lookIn !== undefined && { lookIn: milliseconds(lookIn) }) }
    if (!(await store.move(claim.key, token, move))) {
      token = (await store.takeOver(claim.key, lease))?.token ?? token
      if (!(await store.move(claim.key, token, move))) throw new Error(`no way to ${state} for ${claim.key}`)
    }
  }
  return token
}

export function past(span = 5): Promise<void> {
  return sleep(span)
}

/** What the ledger says of some payments, in order. */
export async function entriesOf(store: Store, keys: readonly PaymentKey[], ...range: Parameters<Store['ledger']>) {
  const entries: LedgerEntry[] = []
  for await (const entry of store.ledger(...range)) if (keys.includes(entry.key)) entries.push(entry)
  return entries
}

export async function isDue(store: Store, key: PaymentKey): Promise<boolean> {
  return (await store.due(100_000)).includes(key)
}

/** A result whose body is compared by its bytes, whatever kind of view it is. */
export function bytesOf(result: ClaimResult) {
  if (!('response' in result)) return result
  return { ...result, response: { ...result.response, body: Uint8Array.from(result.response.body) } }
}
