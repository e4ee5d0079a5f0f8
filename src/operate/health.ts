import type { Store } from '../ports/store.ts'

interface Health {
  readonly status: number
  readonly body: object
}

/**
 * What an orchestrator asks: `/livez`, is the process sound; `/readyz`, should it get traffic.
 *
 * Ready means that payments can be claimed. A chain that is down only withdraws its offers, so it does not count here.
 */
export function health(store: Store) {
  let retired = false
  return {
    live: async (): Promise<Health> => ({ status: 200, body: { status: 'ok' } }),
    ready: async (): Promise<Health> => {
      if (retired) return { status: 503, body: { status: 'shutting down' } }
      try {
        await store.ping()
        return { status: 200, body: { status: 'ready', store: store.kind } }
      } catch {
        return { status: 503, body: { status: 'store unavailable', store: store.kind } }
      }
    },
    retire: () => {
      retired = true
    },
  }
}
