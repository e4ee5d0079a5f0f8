import type { FencingToken, PaymentKey } from '../../../domain/ids.ts'
import { seconds } from '../../../domain/ids.ts'
import type { ClaimResult, PaymentRecord, StoredResponse } from '../../../domain/record.ts'
import { StoreUnavailable } from '../../../ports/store.ts'
import { readFields, readSettlement } from './fields.ts'

/** What a script answers: bulk strings and integers, in lists. */
export type Reply = readonly (Buffer | number)[]

/** Pairs of names and values; a value that is no text is read where it is needed. */
function toMap(flat: Reply): Map<string, Buffer | number> {
  const fields = new Map<string, Buffer | number>()
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(String(flat[i]), flat[i + 1] as Buffer | number)
  return fields
}

/** The record in `{ field, value, … }`, or undefined when there is none. */
export function readRecord(flat: Reply): PaymentRecord | undefined {
  const fields: Record<string, string> = {}
  for (const [name, value] of toMap(flat)) fields[name] = String(value)
  return fields['state'] === undefined ? undefined : readFields(fields)
}

/** What claim.lua answers; `forgotten` when the slot's marker was not the one that was expected. */
export function readClaim([name, ...flat]: Reply, token: FencingToken): ClaimResult | 'forgotten' {
  const outcome = String(name) as ClaimResult['outcome'] | 'forgotten'
  const fields = toMap(flat)
  const text = (field: string) => String(fields.get(field))
  const number = (field: string) => Number(fields.get(field))
  const settlement = () => readSettlement(text('settlement'))
  switch (outcome) {
    case 'forgotten':
      return outcome
    case 'claimed':
      return { outcome, token, unsettled: number('unsettled') }
    case 'unresolved':
      return { outcome, token, record: readRecord(flat) as PaymentRecord }
    case 'owed': {
      const key = text('key') as PaymentKey
      return { outcome, token, key, settlement: settlement(), tries: number('tries'), kept: readCopy(fields) }
    }
    case 'in-flight':
      return { outcome, retryAfter: seconds(number('retryAfter')) }
    case 'earlier-unknown':
      return { outcome, key: text('key') as PaymentKey, retryAfter: seconds(number('retryAfter')) }
    case 'stored':
      return { outcome, settlement: settlement(), response: readCopy(fields) as StoredResponse }
    case 'spent':
    case 'exhausted':
    case 'refunded':
      return { outcome, settlement: settlement() }
    case 'void':
    case 'other-request':
    case 'identifier-reused':
    case 'identifier-spent':
      return { outcome }
    default:
      throw new StoreUnavailable('a script answered what it cannot')
  }
}

function readCopy(fields: Map<string, Buffer | number>): StoredResponse | undefined {
  const head = fields.get('head')
  if (head === undefined) return undefined
  const { buffer, byteOffset, byteLength } = fields.get('body') as Buffer
  return { ...JSON.parse(String(head)), body: new Uint8Array(buffer, byteOffset, byteLength) }
}
