import type { FencingToken, Milliseconds, PaymentKey } from '../../../domain/ids.ts'
import type { Move, NewClaim, StoredResponse } from '../../../domain/record.ts'
import type { Grant } from '../../../ports/store.ts'
import { identifierName, owedSet, unsettledSet } from '../tables.ts'
import { toJson, writeFields } from './fields.ts'
import { keyIn, tagOf } from './keys.ts'
import type { Argument } from './link.ts'

/** What a script is called with. */
export interface Call {
  readonly keys: readonly string[]
  readonly args: readonly Argument[]
}

/** claim.lua; the value of the marker stands before these arguments. */
export function claimCall(claim: NewClaim, token: FencingToken, lease: Milliseconds): Call {
  const { key, terms, forgetAfter, identifier } = claim
  const name = identifier ? identifierName(key, identifier.id) : ''
  const at = inSlotOf(key)
  return {
    keys: [
      at('marker'),
      at('payment', key),
      at('due'),
      at(owedSet(key, terms.request)),
      at(unsettledSet(key)),
      ...(identifier ? [at('identifier', name)] : []),
    ],
    args: [
      key,
      token,
      lease,
      Math.ceil(forgetAfter),
      terms.request,
      terms.signed,
      toJson(terms),
      name,
      identifier?.binding ?? '',
    ],
  }
}

/** move.lua */
export function moveCall(key: PaymentKey, token: FencingToken, move: Move): Call {
  const { to, learnt = {}, keep, closes, lookIn, status } = move
  const at = inSlotOf(key)
  const fields = Object.entries(writeFields(learnt)).flat()
  return {
    keys: [
      at('marker'),
      at('payment', key),
      at('copy', key),
      at('due'),
      at(unsettledSet(key)),
      at('credits'),
      at('ledger'),
      ...(closes ? [at('payment', closes)] : []),
    ],
    args: [
      key,
      token,
      to,
      lookIn ?? '',
      closes ?? '',
      keep ? headOf(keep) : '',
      keep?.body ?? '',
      fields.length,
      ...fields,
      ...ledgerFields(move.learnt, status),
    ],
  }
}

/** grant.lua */
export function grantCall({ key, terms, settlement, forgetAfter }: Grant): Call {
  const at = inSlotOf(key)
  return {
    keys: [
      at('marker'),
      at('payment', key),
      at(owedSet(key, terms.request)),
      at(unsettledSet(key)),
      at('credits'),
      at('ledger'),
    ],
    args: [key, Math.ceil(forgetAfter), terms.request, terms.signed, toJson(terms), toJson(settlement)],
  }
}

function inSlotOf(key: PaymentKey) {
  const tag = tagOf(key)
  return (...names: readonly string[]) => keyIn(tag, ...names)
}

const headOf = ({ status, headers }: StoredResponse) => toJson({ status, headers })

/** What the ledger's entry says beside the event; the script adds the terms to a payment's first. */
function ledgerFields({ attempt, settlement, refund }: Move['learnt'] & object = {}, status: number | undefined) {
  return [
    ...(attempt?.transaction === undefined ? [] : ['transaction', attempt.transaction]),
    ...(settlement ? ['settlement', toJson(settlement)] : []),
    ...(refund ? ['refund', toJson(refund)] : []),
    ...(status === undefined ? [] : ['status', status]),
  ]
}
