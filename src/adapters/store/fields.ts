import { type Fingerprint, seconds } from '../../domain/ids.ts'
import type { PaymentRecord, PaymentState } from '../../domain/record.ts'
import type { Attempt, Settlement } from '../../domain/settlement.ts'

/** JSON with bigints as decimal strings in `amount`, the only bigint a record holds. */
function writeJson(value: unknown): string {
  return JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? member.toString() : member))
}

function readSettlement(text: string): Settlement {
  const json = JSON.parse(text)
  return { ...json, amount: BigInt(json.amount) }
}

/** What a move has learnt, as flat text fields. */
export function writeFields(learnt: Partial<PaymentRecord>): Record<string, string> {
  const fields: Record<string, string> = {}
  if (learnt.attempt) fields['attempt'] = writeJson(learnt.attempt)
  if (learnt.settlement) fields['settlement'] = writeJson(learnt.settlement)
  if (learnt.reverted !== undefined) fields['reverted'] = learnt.reverted ? '1' : '0'
  if (learnt.tries !== undefined) fields['tries'] = String(learnt.tries)
  return fields
}

/** The inverse, for a whole record. */
export function readFields(fields: Readonly<Record<string, string>>): PaymentRecord {
  const { state, payer = '', fingerprint, version = '', forgetAfter, attempt, settlement, reverted, tries } = fields
  return {
    state: state as PaymentState,
    payer,
    fingerprint: fingerprint as Fingerprint,
    version,
    forgetAfter: seconds(Number(forgetAfter)),
    ...(attempt && { attempt: JSON.parse(attempt) as Attempt }),
    ...(settlement && { settlement: readSettlement(settlement) }),
    ...(reverted && { reverted: reverted === '1' }),
    ...(tries && { tries: Number(tries) }),
  }
}
