import type { Finding } from '../ports/network.ts'
import type { Parts } from '../ports/parts.ts'

/** A finding and the part it is about. */
export interface CheckedPart extends Finding {
  readonly part: string
}

const UPSTREAM_WAIT_MS = 5_000

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
        const signal = AbortSignal.timeout(UPSTREAM_WAIT_MS)
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

const START_WAIT_MS = 5_000

/**
 * What is wrong at start with the chains that are sold on. A part that does not answer now may answer later; one that contradicts the price list will not.
 *
 * @returns the findings that are not ok, of what answered in time
 */
export async function inspectAtStart(parts: Parts): Promise<CheckedPart[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<CheckedPart[]>((resolve) => {
    timer = setTimeout(resolve, START_WAIT_MS, [
      { part: 'start', ok: false, what: 'a chain has not answered yet', fix: 'run farebox check --online' },
    ])
  })
  const findings = await Promise.race([inspectChains(parts), late])
  clearTimeout(timer)
  return findings.filter(({ ok }) => !ok)
}

async function ask(part: string, fix: string, inspect: () => Promise<readonly Finding[]>): Promise<CheckedPart[]> {
  try {
    return (await inspect()).map((finding) => ({ part, ...finding }))
  } catch (error) {
    return [{ part, ok: false, what: `does not answer (${(error as Error).name})`, fix }]
  }
}
