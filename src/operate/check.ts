import type { Finding } from '../ports/network.ts'
import type { Parts } from '../ports/parts.ts'

/** A finding and the part it is about. */
export interface CheckedPart extends Finding {
  readonly part: string
}

/** Asks every part that can be asked: each chain, each facilitator, each upstream, the store. Nothing is changed. */
export async function inspectParts(parts: Parts): Promise<CheckedPart[]> {
  const { upstreams, store } = parts
  const asked = [
    inspectChains(parts),
    ask('store', 'see that the store is running and REDIS_URL or STORE_DIR is right', async () => {
      await store.ping()
      return [{ ok: true, what: `${store.kind} answers` }]
    }),
    ...[...upstreams].map(([name, upstream]) =>
      ask(`upstream ${name}`, 'see that the upstream is running and its url is right', async () => {
        const request = { method: 'GET', target: { raw: '/', path: '/', query: [] } }
        const signal = AbortSignal.timeout(WAIT_MS)
        const { status, body } = await upstream.send({ request, headers: [], body: undefined, signal })
        body.destroy()
        return [{ ok: true, what: `answers (${status} to GET /)` }]
      }),
    ),
  ]
  return (await Promise.all(asked)).flat()
}

/** Compares the price list with the chains: ids, decimals, domains, token accounts, floats. */
async function inspectChains({ networks, facilitators }: Parts): Promise<CheckedPart[]> {
  const asked = [
    ...[...networks].map(([id, network]) =>
      ask(id, 'see that rpc is the URL of a running node', () => network.inspect()),
    ),
    ...[...facilitators].map(([id, facilitator]) =>
      ask(id, 'see that the facilitator is running', () => facilitator.inspect()),
    ),
  ]
  return (await Promise.all(asked)).flat()
}

const WAIT_MS = 5_000

/**
 * What is wrong at start with the chains that are sold on. A part that does not answer now may answer later; one that
 * contradicts the price list will not.
 */
export async function inspectAtStart(parts: Parts): Promise<CheckedPart[]> {
  return (await inspectChains(parts)).filter(({ ok }) => !ok)
}

/** Asks one part; what does not answer in time does not answer. */
async function ask(part: string, fix: string, inspect: () => Promise<readonly Finding[]>): Promise<CheckedPart[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), WAIT_MS)
  })
  try {
    return (await Promise.race([inspect(), late])).map((finding) => ({ part, ...finding }))
  } catch {
    return [{ part, ok: false, what: 'does not answer, or not as it should', fix }]
  } finally {
    clearTimeout(timer)
  }
}
