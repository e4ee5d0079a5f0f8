import type { Milliseconds, PaymentKey } from '../../domain/ids.ts'
import { type Flight, MAX_IN_FLIGHT } from '../../ports/lanes.ts'

/**
 * A lane as a store keeps it: what is used up, and what is out, in the order of the nonces.
 *
 * The next nonce is not kept: it is the one after the last flight, else `base`. So a gap has a flight above it, always; what
 * was given back at the end of the lane is simply free again.
 */
export interface Lane {
  readonly base: number
  readonly flights: readonly Flight[]
}

/** A lane that nobody has used yet. */
export const EMPTY_LANE: Lane = { base: 0, flights: [] }

/** See Lanes.take. */
export function take(
  before: Lane,
  floor: number,
  payment: PaymentKey | undefined,
  now: Milliseconds,
): { readonly lane: Lane; readonly nonce: number | undefined } {
  const lane = mined(before, floor)
  if (lane.flights.length >= MAX_IN_FLIGHT) return { lane, nonce: undefined }
  const out = new Set(lane.flights.map(({ nonce }) => nonce))
  let nonce = lane.base
  while (out.has(nonce)) nonce++
  return { lane: fly(lane, { nonce, payment, raw: undefined, since: now }), nonce }
}

/** See Lanes.write. */
export function write(
  lane: Lane,
  nonce: number,
  raw: string,
  over: string | undefined,
  now: Milliseconds,
): { readonly lane: Lane; readonly written: boolean } {
  const flight = lane.flights.find((out) => out.nonce === nonce)
  if (nonce < lane.base || flight?.raw !== over) return { lane, written: false }
  return { lane: fly(lane, { nonce, payment: flight?.payment, raw, since: now }), written: true }
}

/** See Lanes.giveBack. */
export function giveBack({ base, flights }: Lane, nonce: number): Lane {
  return { base, flights: flights.filter((out) => out.nonce !== nonce) }
}

/** See Lanes.mined. */
export function mined(lane: Lane, count: number): Lane {
  return setBase(lane, Math.max(lane.base, count))
}

/** See Lanes.flights: the lane is brought to `count` first, forwards or back. */
export function flights(before: Lane, count: number): { readonly lane: Lane; readonly flights: readonly Flight[] } {
  const lane = setBase(before, count)
  const all: Flight[] = []
  let next = count
  for (const flight of lane.flights) {
    for (; next < flight.nonce; next++) all.push(gap(next))
    all.push(flight)
    next++
  }
  return { lane, flights: all }
}

function setBase({ flights }: Lane, base: number): Lane {
  return { base, flights: flights.filter(({ nonce }) => nonce >= base) }
}

function fly({ base, flights }: Lane, flight: Flight): Lane {
  const others = flights.filter(({ nonce }) => nonce !== flight.nonce)
  return { base, flights: [...others, flight].sort((a, b) => a.nonce - b.nonce) }
}

function gap(nonce: number): Flight {
  return { nonce, payment: undefined, raw: undefined, since: 0 as Milliseconds }
}
