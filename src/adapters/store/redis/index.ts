import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { type FencingToken, type Milliseconds, type PaymentKey, seconds } from '../../../domain/ids.ts'
import {
  CLOSED_STATES,
  type ClaimResult,
  MAX_DELIVERY_TRIES,
  type PaymentRecord,
  RESTING_STATES,
} from '../../../domain/record.ts'
import type { Settlement } from '../../../domain/settlement.ts'
import type { Log } from '../../../ports/log.ts'
import { type Move, type Store, StoreUnavailable } from '../../../ports/store.ts'
import { readFields, writeFields } from '../fields.ts'

const COMMAND_TIMEOUT_MS = 2_000
const HASH_TAGS = 64

type Script = (key: string, ...args: (string | number)[]) => Promise<unknown>
type Scripts = Record<'fbClaim' | 'fbMove' | 'fbRenew' | 'fbRelease', Script>

/**
 * Opens a Redis store. Records are hashes; each step is one script on one slot.
 *
 * @throws StoreUnavailable when Redis does not answer, or when it would evict records (threats T9)
 */
export async function openRedis(url: string, log: Log): Promise<Store> {
  const redis = new Redis(url, {
    lazyConnect: true,
    // A command is answered now or not at all: a payment must not wait in a queue for a store that is gone.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(50 * times, 1_000),
  })
  redis.on('error', (error: Error) => log.warn({ error: error.message }, 'store connection'))
  try {
    await redis.connect()
    await inspect(redis, log)
  } catch (error) {
    redis.disconnect()
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable((error as Error).message)
  }
  return redisStore(redis)
}

function redisStore(redis: Redis): Store {
  for (const name of ['claim', 'move', 'renew', 'release']) {
    const lua = readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8')
    redis.defineCommand(`fb${name[0]?.toUpperCase()}${name.slice(1)}`, { numberOfKeys: 1, lua })
  }
  const scripts = redis as unknown as Scripts
  return {
    kind: 'redis',
    async read(key) {
      const fields = await ask(() => redis.hgetall(slot(key)))
      return fields['state'] ? readFields(fields) : undefined
    },
    async claim(claim, lease) {
      const token = randomUUID() as FencingToken
      const { fingerprint, payer, version, forgetAfter } = claim
      const args = [fingerprint, payer, version, forgetAfter, token, lease, MAX_DELIVERY_TRIES]
      const [outcome, retryAfter, ...fields] = (await ask(() => scripts.fbClaim(slot(claim.key), ...args))) as [
        string,
        number,
        ...string[],
      ]
      return toResult(outcome as ClaimResult['outcome'], retryAfter, token, fields)
    },
    async move(key, token, { to, learnt = {} }: Move) {
      const flag = (states: readonly string[]) => (states.includes(to) ? '1' : '0')
      const fields = Object.entries(writeFields(learnt)).flat()
      return (
        (await ask(() =>
          scripts.fbMove(slot(key), token, to, flag(RESTING_STATES), flag(CLOSED_STATES), ...fields),
        )) === 1
      )
    },
    renew: async (key, token, lease: Milliseconds) => (await ask(() => scripts.fbRenew(slot(key), token, lease))) === 1,
    release: async (key, token) => (await ask(() => scripts.fbRelease(slot(key), token))) === 1,
    ping: async () => void (await ask(() => redis.ping())),
    close: async () => void redis.disconnect(),
  }
}

/** Every key of a payer carries one hash tag, so that later steps over several of them stay on one Cluster slot. */
function slot(key: PaymentKey): string {
  const owner = key.split(':').at(-2) ?? key
  const tag = createHash('sha256').update(owner).digest().readUInt32BE(0) % HASH_TAGS
  return `farebox:{${tag}}:payment:${key}`
}

function toResult(
  outcome: ClaimResult['outcome'],
  retryAfter: number,
  token: FencingToken,
  flat: readonly string[],
): ClaimResult {
  const record = (): PaymentRecord => {
    const fields: Record<string, string> = {}
    for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string
    return readFields(fields)
  }
  switch (outcome) {
    case 'claimed':
      return { outcome, token }
    case 'unresolved':
      return { outcome, token, record: record() }
    case 'owed': {
      const { settlement, tries = 0 } = record()
      return { outcome, token, settlement: settlement as Settlement, tries }
    }
    case 'in-flight':
      return { outcome, retryAfter: seconds(Math.max(1, retryAfter)) }
    case 'spent':
    case 'exhausted':
      return { outcome, settlement: record().settlement as Settlement }
    case 'void':
    case 'other-request':
      return { outcome }
  }
}

/** Runs a command; whatever goes wrong is a store that did not answer. */
async function ask<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command()
  } catch (error) {
    throw new StoreUnavailable((error as Error).message)
  }
}

/** Refuses a Redis that forgets records when memory runs short; warns of one that forgets them at a restart. */
async function inspect(redis: Redis, log: Log): Promise<void> {
  const info = await redis.info()
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  const policy = value('maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction') {
    throw new StoreUnavailable(`Redis evicts keys (maxmemory-policy ${policy}): set maxmemory-policy noeviction`)
  }
  if (value('aof_enabled') === '0')
    log.warn(
      { setting: 'appendonly yes' },
      'Redis keeps no append-only file: payments are forgotten at a crash; set appendonly yes',
    )
}
