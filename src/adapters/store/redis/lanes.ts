import type { Milliseconds, PaymentKey } from '../../../domain/ids.ts'
import type { Flight, LaneId, Lanes } from '../../../ports/lanes.ts'
import { flights } from '../lanes-rules.ts'
import type { Servers } from './cluster.ts'
import { laneKey, laneTag } from './keys.ts'
import type { Argument } from './link.ts'

/** The lanes of all relayers, a slot each. */
export function redisLanes(servers: Servers): Lanes {
  const run = (lane: LaneId, ...args: readonly Argument[]) =>
    servers.on(laneTag(lane), (link) => link.run('lane', [laneKey(lane)], args))
  return {
    async take(lane, floor, payment) {
      const nonce = await run(lane, 'take', floor, payment ?? '')
      return nonce === null ? undefined : Number(nonce)
    },
    write: async (lane, nonce, raw, over) => (await run(lane, 'write', nonce, raw, over ?? '')) === 1,
    giveBack: async (lane, nonce) => void (await run(lane, 'give-back', nonce)),
    mined: async (lane, count) => void (await run(lane, 'mined', count)),
    async flights(lane, count) {
      const [base, ...flat] = (await run(lane, 'flights', count)) as [number, ...(number | Buffer)[]]
      const out: Flight[] = []
      for (let i = 0; i + 1 < flat.length; i += 2) out.push(readFlight(flat[i] as number, String(flat[i + 1])))
      out.sort((a, b) => a.nonce - b.nonce)
      return flights({ base, flights: out }, count).flights
    },
  }
}

function readFlight(nonce: number, json: string): Flight {
  const { payment, raw, since } = JSON.parse(json)
  return { nonce, payment: payment as PaymentKey | undefined, raw, since: since as Milliseconds }
}
