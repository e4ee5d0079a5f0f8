import type { Finding } from '../ports/network.ts'
import type { Parts } from '../ports/parts.ts'

/** A finding and the part it is about. */
export interface CheckedPart extends Finding {
  readonly part: string
}

const UPSTREAM_WAIT_MS = 5_000

/** Asks every part that can be asked: each chain, each facilitator, each upstream, the store. Nothing is changed. */
export async function inspectParts({ networks, facilitators, upstreams, store }: Parts): Promise<CheckedPart[]> {
  const asked = [
    ask('store', 'see that the store is running and REDIS_URL or STORE_DIR is right', async () => {
      await store.ping()
      return [{ ok: true, what: `${store.kind} answers` }]
    }),
    ...[...networks].map(([id, network]) =>
      ask(id, 'see that rpc is the URL of a running node', () => network.inspect()),
    ),
    ...[...facilitators].map(([id, facilitator]) =>
      ask(id, 'see that the facilitator is running', () => facilitator.inspect()),
    ),
    ...[...upstreams].map(([name, upstream]) =>
      ask(`upstream ${name}`, 'see that the upstream is running and its url is right', async () => {
        const request = { method: 'GET', target: { raw: '/', path: '/', query: [] } }
        const { status, body } = await upstream.send({
          request,
          headers: [],
          body: undefined,
          signal: AbortSignal.timeout(UPSTREAM_WAIT_MS),
        })
        body.destroy()
        return [{ ok: true, what: `answers (${status} to GET /)` }]
      }),
    ),
  ]
  return (await Promise.all(asked)).flat()
}

async function ask(part: string, fix: string, inspect: () => Promise<readonly Finding[]>): Promise<CheckedPart[]> {
  try {
    return (await inspect()).map((finding) => ({ part, ...finding }))
  } catch (error) {
    return [{ part, ok: false, what: `does not answer (${(error as Error).name})`, fix }]
  }
}
