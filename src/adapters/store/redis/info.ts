import type { Log } from '../../../ports/log.ts'
import { StoreUnavailable } from '../../../ports/store.ts'
import type { Host } from './url.ts'

/** What a server says of itself and its replicas (INFO replication). */
export interface Replication {
  readonly role: string
  readonly history: string
  /** How many replicas are connected and up to date. */
  readonly replicas: number
}

export function infoValue(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
}

export function readReplication(info: string): Replication {
  return {
    role: infoValue(info, 'role') ?? 'master',
    history: infoValue(info, 'master_replid') ?? '',
    replicas: [...info.matchAll(/^slave\d+:.*\bstate=online\b/gm)].length,
  }
}

/** Where the replicas are, as their primary sees them. */
export function replicasIn(info: string): readonly Host[] {
  return [...info.matchAll(/^slave\d+:ip=([^,]+),port=(\d+)/gm)].map(([, host = '', port]) => ({
    host,
    port: Number(port),
  }))
}

/**
 * Refuses a server that forgets records when memory runs short; warns of one that forgets them at a crash (threats T9).
 *
 * @throws StoreUnavailable
 */
export function refuseForgetful(info: string, address: string, log: Log): void {
  const policy = infoValue(info, 'maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction')
    throw new StoreUnavailable(`Redis evicts keys (maxmemory-policy ${policy}): set maxmemory-policy noeviction`)
  if (infoValue(info, 'aof_enabled') === '0')
    log.warn(
      { setting: 'appendonly yes', server: address },
      'Redis keeps no append-only file: payments are forgotten at a crash; set appendonly yes',
    )
}
