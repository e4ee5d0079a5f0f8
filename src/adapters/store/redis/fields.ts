import { type AtomicUnits, type PaymentKey, seconds } from '../../../domain/ids.ts'
import type { Learnt, PaymentRecord, PaymentState, PaymentTerms, Refund } from '../../../domain/record.ts'
import type { Attempt, Settlement } from '../../../domain/settlement.ts'

/** A record as Redis keeps it: plain values as they are, structures as JSON. */
export type Fields = Readonly<Record<string, string>>

/** JSON with bigints as decimal strings. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? member.toString() : member))
}

export function readSettlement(text: string): Settlement {
  return withAmount(JSON.parse(text))
}

export function readTerms(text: string): PaymentTerms {
  const terms = JSON.parse(text)
  const { window } = terms.transfer
  return {
    ...terms,
    transfer: {
      ...withAmount(terms.transfer),
      window: window && { validAfter: BigInt(window.validAfter), validBefore: BigInt(window.validBefore) },
    },
  }
}

export function readRefund(text: string): Refund {
  const { attempt, settlement } = JSON.parse(text)
  return { attempt: withAll(attempt), ...(settlement && { settlement: withAmount<Settlement>(settlement) }) }
}

/** JSON leaves out what is undefined. */
function withAll(json: Partial<Attempt>): Attempt {
  return {
    transaction: undefined,
    raw: undefined,
    fromBlock: undefined,
    lastValidBlockHeight: undefined,
    ...json,
  } as Attempt
}

function withAmount<T>(json: { amount: string }): T {
  return { ...json, amount: BigInt(json.amount) as AtomicUnits } as T
}

/** What a move has learnt, as fields; what is undefined is left out. */
export function writeFields({ attempt, settlement, reverted, tries, served, final, refund }: Learnt): Fields {
  return {
    ...(attempt && { attempt: toJson(attempt) }),
    ...(settlement && { settlement: toJson(settlement) }),
    ...(reverted !== undefined && { reverted: flag(reverted) }),
    ...(tries !== undefined && { tries: String(tries) }),
    ...(served !== undefined && { served: flag(served) }),
    ...(final !== undefined && { final: flag(final) }),
    ...(refund && { refund: toJson(refund) }),
  }
}

const flag = (value: boolean) => (value ? '1' : '0')

/** The inverse, for a whole record. */
export function readFields(fields: Fields): PaymentRecord {
  const {
    state,
    terms = '',
    forgetAfter,
    attempt,
    settlement,
    reverted,
    tries,
    served,
    final,
    against,
    refund,
  } = fields
  return {
    state: state as PaymentState,
    terms: readTerms(terms),
    forgetAfter: seconds(Number(forgetAfter)),
    ...(attempt && { attempt: withAll(JSON.parse(attempt)) }),
    ...(settlement && { settlement: readSettlement(settlement) }),
    ...(reverted && { reverted: reverted === '1' }),
    ...(tries && { tries: Number(tries) }),
    ...(served && { served: served === '1' }),
    ...(final && { final: final === '1' }),
    ...(against && { against: against as PaymentKey }),
    ...(refund && { refund: readRefund(refund) }),
  }
}
