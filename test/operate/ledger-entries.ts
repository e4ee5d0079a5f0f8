import {
  atomicUnits,
  type Fingerprint,
  type Milliseconds,
  milliseconds,
  type PaymentKey,
} from '../../src/domain/ids.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { PaymentTerms } from '../../src/domain/record.ts'
import type { Settlement } from '../../src/domain/settlement.ts'
import { BASE_SEPOLIA, NOW, PAYEE, USDC } from '../support/fixtures.ts'

export const START: Milliseconds = milliseconds(NOW * 1_000)
export const PAYER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

export const keyOf = (name: string) =>
  `${BASE_SEPOLIA}:${USDC.toLowerCase()}:${PAYER.toLowerCase()}:${name}` as PaymentKey

export const termsOf = (nonce: string, more: Partial<PaymentTerms> = {}): PaymentTerms => ({
  version: 'v1',
  route: 'GET /v2/data',
  request: 'a request' as Fingerprint,
  signed: nonce,
  payer: PAYER,
  transfer: {
    kind: 'eip3009',
    network: BASE_SEPOLIA,
    asset: USDC,
    from: PAYER.toLowerCase(),
    to: PAYEE.toLowerCase(),
    amount: atomicUnits(34_000n),
    nonce,
    window: { validAfter: 0n, validBefore: BigInt(NOW + 60) },
    endsBy: NOW,
  },
  ...more,
})

export const settlementOf = (transaction: string, more: Partial<Settlement> = {}): Settlement => ({
  network: BASE_SEPOLIA,
  asset: USDC,
  payer: PAYER,
  payTo: PAYEE,
  amount: atomicUnits(34_000n),
  transaction,
  block: '10',
  ...more,
})

type Told = Partial<Omit<LedgerEntry, 'key' | 'event'>> & Pick<LedgerEntry, 'event'>

/** A payment's name and what became of it. */
export type Line = readonly [name: string, told: Told | LedgerEntry['event']]

/** A ledger as it is told, its lines a second apart; the first line of a payment brings the terms. */
export async function* ledgerOf(...lines: readonly Line[]) {
  const seen = new Set<string>()
  for (const [index, [name, told]] of lines.entries()) {
    const entry = typeof told === 'string' ? { event: told } : told
    const at = milliseconds(START + index * 1_000)
    yield { at, key: keyOf(name), ...(!seen.has(name) && { terms: termsOf(name) }), ...entry } satisfies LedgerEntry
    seen.add(name)
  }
}
