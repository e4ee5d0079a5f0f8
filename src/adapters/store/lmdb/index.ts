import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Database, open } from 'lmdb'
import { type FencingToken, type PaymentKey, seconds } from '../../../domain/ids.ts'
import {
  answerKnown,
  CLOSED_STATES,
  type ClaimResult,
  type PaymentRecord,
  type PaymentState,
  RESTING_STATES,
} from '../../../domain/record.ts'
import type { Settlement } from '../../../domain/settlement.ts'
import { type Store, StoreUnavailable } from '../../../ports/store.ts'
import { readFields, writeFields } from '../fields.ts'

type Fields = Record<string, string>
/** Closed records by the second in which they may be forgotten. */
type ExpiryKey = [forgetAfter: number, key: string]

const SWEEP_EVERY_MS = 60_000
const SWEEP_AT_MOST = 10_000

/**
 * Opens the embedded store: LMDB in a directory, shared by the processes of one machine.
 *
 * A write is on disk before it is answered. Each step is one write transaction; LMDB lets one process write at a time.
 *
 * @throws StoreUnavailable when the directory cannot be used
 */
export function openLmdb(path: string): Store {
  const directory = resolve(path)
  const { root, records, expiry } = openDatabases(path, directory)
  const write = async <T>(work: () => T): Promise<T> => {
    try {
      return await records.transaction(work)
    } catch (error) {
      throw new StoreUnavailable((error as Error).message)
    }
  }
  const owned = (key: PaymentKey, token: FencingToken): Fields | undefined => {
    const fields = records.get(key)
    return fields?.['token'] === token ? fields : undefined
  }
  const sweep = setInterval(() => void write(() => forget(records, expiry)).catch(() => undefined), SWEEP_EVERY_MS)
  sweep.unref()

  return {
    kind: 'lmdb',
    async read(key) {
      try {
        const fields = records.get(key)
        return fields && readFields(fields)
      } catch (error) {
        throw new StoreUnavailable((error as Error).message)
      }
    },
    claim: ({ key, fingerprint, payer, version, forgetAfter }, lease) =>
      write((): ClaimResult => {
        const now = Date.now()
        const token = randomUUID() as FencingToken
        const held = { token, lease: String(now + lease) }
        const fields = records.get(key)
        if (!fields) {
          records.put(key, { state: 'claimed', fingerprint, payer, version, forgetAfter: String(forgetAfter), ...held })
          expiry.put([forgetAfter, key], true)
          return { outcome: 'claimed', token }
        }
        const result = toResult(readFields(fields), fingerprint, token, Number(fields['lease'] ?? 0) - now)
        if ('token' in result) records.put(key, { ...fields, ...held })
        return result
      }),
    move: (key, token, { to, learnt = {} }) =>
      write(() => {
        const fields = owned(key, token)
        if (!fields) return false
        const { token: _token, lease: _lease, ...rest } = fields
        records.put(key, { ...(RESTING_STATES.includes(to) ? rest : fields), state: to, ...writeFields(learnt) })
        if (CLOSED_STATES.includes(to)) expiry.put([Number(fields['forgetAfter']), key], true)
        return true
      }),
    renew: (key, token, lease) =>
      write(() => {
        const fields = owned(key, token)
        if (fields) records.put(key, { ...fields, lease: String(Date.now() + lease) })
        return fields !== undefined
      }),
    release: (key, token) =>
      write(() => {
        if (owned(key, token)?.['state'] !== 'claimed') return false
        records.remove(key)
        return true
      }),
    ping: () => write(() => undefined),
    async close() {
      clearInterval(sweep)
      openHere.delete(directory)
      await root.close()
    },
  }
}

/** LMDB must not be opened twice in one process: its locks are the process's, so that two handles wait for each other. */
const openHere = new Set<string>()

function openDatabases(path: string, directory: string) {
  if (openHere.has(directory))
    throw new StoreUnavailable(
      `STORE_DIR ${path} is open in this process already: share the gateway, or give it a directory of its own`,
    )
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    // overlappingSync answers before the disk has it; a payment must survive a power cut.
    const root = open({ path: directory, overlappingSync: false })
    const records: Database<Fields, PaymentKey> = root.openDB({ name: 'payments' })
    const expiry: Database<true, ExpiryKey> = root.openDB({ name: 'expiry' })
    openHere.add(directory)
    return { root, records, expiry }
  } catch (error) {
    throw new StoreUnavailable(`STORE_DIR ${path}: ${(error as Error).message}`)
  }
}

/** The same answers that claim.lua gives. */
function toResult(record: PaymentRecord, fingerprint: string, token: FencingToken, leaseLeftMs: number): ClaimResult {
  const answer = answerKnown(record, fingerprint as PaymentRecord['fingerprint'])
  const settlement = record.settlement as Settlement
  if (answer === 'other-request' || answer === 'void') return { outcome: answer }
  if (answer === 'spent') return { outcome: answer, settlement }
  if (leaseLeftMs > 0) return { outcome: 'in-flight', retryAfter: seconds(Math.ceil(leaseLeftMs / 1_000)) }
  switch (answer) {
    case 'claim':
      return { outcome: 'claimed', token }
    case 'unresolved':
      return { outcome: 'unresolved', token, record }
    case 'owed':
      return { outcome: 'owed', token, settlement, tries: record.tries ?? 0 }
    case 'exhausted':
      return { outcome: 'exhausted', settlement }
  }
}

/** Removes records whose authorization the chain itself refuses by now. */
function forget(records: Database<Fields, PaymentKey>, expiry: Database<true, ExpiryKey>): void {
  const due = [...expiry.getKeys({ end: [Date.now() / 1_000, ''], limit: SWEEP_AT_MOST })]
  for (const at of due) {
    // A claim that was never moved on was never sent; what was is kept until it is closed.
    const state = records.get(at[1] as PaymentKey)?.['state'] as PaymentState | undefined
    if (state === 'claimed' || (state && CLOSED_STATES.includes(state))) records.remove(at[1] as PaymentKey)
    expiry.remove(at)
  }
}
