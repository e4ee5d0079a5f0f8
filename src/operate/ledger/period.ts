import { type Milliseconds, milliseconds } from '../../domain/ids.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
/** RFC 3339, the zone not optional: a time of day without one means another moment on every machine. */
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/** A moment as `2026-01-31`, `2026-01-31T12:00:00Z`, or so long ago: `90s`, `30m`, `24h`, `7d`, `2w`. Undefined for anything else. */
export function parseMoment(text: string, now: Milliseconds): Milliseconds | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  if (count !== undefined) return milliseconds(now - Number(count) * (UNITS[unit] ?? 0))
  const at = MOMENT.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : milliseconds(at)
}
