import type { Seconds } from '../domain/ids.ts'

/** The gateway's own time, for the validity windows of authorizations. Leases run on the store's clock instead. */
export interface Clock {
  now(): Seconds
}
