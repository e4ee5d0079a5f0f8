import type { Catalogue } from '../domain/catalogue.ts'
import type { Caip2 } from '../domain/ids.ts'
import type { Clock } from './clock.ts'
import type { Facilitator } from './facilitator.ts'
import type { Log } from './log.ts'
import type { Network } from './network.ts'
import type { Quarantine } from './quarantine.ts'
import type { Store } from './store.ts'
import type { Upstream } from './upstream.ts'

/** Everything the line works with; app.ts puts the adapters in. */
export interface Parts {
  readonly catalogue: Catalogue
  readonly networks: ReadonlyMap<Caip2, Network>
  readonly facilitators: ReadonlyMap<Caip2, Facilitator>
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly store: Store
  readonly quarantine: Quarantine
  readonly clock: Clock
  readonly log: Log
}
