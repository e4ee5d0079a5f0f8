import { isDeepStrictEqual } from 'node:util'
import { milliseconds } from '../../../domain/ids.ts'
import type { LaneId, Lanes } from '../../../ports/lanes.ts'
import { EMPTY_LANE, flights, giveBack, type Lane, mined, take, write } from '../lanes-rules.ts'
import type { Databases } from './databases.ts'

/** @param transact runs a step in a write transaction */
export function openLanes({ lanes }: Databases, transact: <T>(step: () => T) => Promise<T>): Lanes {
  const change = <Result extends { readonly lane: Lane }>(id: LaneId, rule: (lane: Lane) => Result): Promise<Result> =>
    transact(() => {
      const before = lanes.get(id) ?? EMPTY_LANE
      const result = rule(before)
      if (!isDeepStrictEqual(before, result.lane)) lanes.put(id, result.lane)
      return result
    })
  const now = () => milliseconds(Date.now())
  return {
    take: async (id, floor, payment) => (await change(id, (lane) => take(lane, floor, payment, now()))).nonce,
    write: async (id, nonce, raw, over) => (await change(id, (lane) => write(lane, nonce, raw, over, now()))).written,
    giveBack: async (id, nonce) => void (await change(id, (lane) => ({ lane: giveBack(lane, nonce) }))),
    mined: async (id, count) => void (await change(id, (lane) => ({ lane: mined(lane, count) }))),
    flights: async (id, count) => (await change(id, (lane) => flights(lane, count))).flights,
  }
}
