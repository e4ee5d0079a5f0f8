import { createHash } from 'node:crypto'
import type { PaymentKey } from '../../../domain/ids.ts'
import type { LaneId } from '../../../ports/lanes.ts'
import { ownerOf } from '../tables.ts'

/** How many hash tags the payers share. */
const TAGS = 64

/** What stands in braces in a key: keys with the same tag lie in one slot (Redis Cluster specification, hash tags). */
export type Tag = string

export const PAYMENT_TAGS: readonly Tag[] = Array.from({ length: TAGS }, (_, index) => String(index))

/** Where all that belongs to a payer lies. */
export function tagOf(key: PaymentKey): Tag {
  return String(createHash('sha256').update(ownerOf(key)).digest().readUInt32BE(0) % TAGS)
}

/** A key of a payer's slot; the names are those of prelude.lua. */
export const keyIn = (tag: Tag, ...names: readonly string[]): string => `farebox:{${tag}}:${names.join(':')}`

/** The marker that shows that the slot has not been emptied. */
export const markerOf = (tag: Tag): string => keyIn(tag, 'marker')

export const laneTag = (lane: LaneId): Tag => `lane:${lane}`

export const laneKey = (lane: LaneId): string => `farebox:{${laneTag(lane)}}`
