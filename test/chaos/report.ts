import type { Trial } from './plan.ts'
import type { RunReport, Step } from './run.ts'

const EVERY_KILLS = 25

/** Tells people how far it is, and each violation as soon as it is found. */
export function progressOf(planned: number, write: (line: string) => void): (step: Step) => void {
  const began = performance.now()
  const at = new Map<string, number>()
  const points = new Set<string>()
  let kills = 0
  let told = 0
  return (step) => {
    for (const message of step.kills) {
      kills++
      if (step.trial?.point && 'n' in step.trial.point) points.add(pointName(step.trial))
      const where = message?.link ?? 'no message'
      at.set(where, (at.get(where) ?? 0) + 1)
    }
    for (const { invariant, what, trial, seen } of step.violations) {
      write(`VIOLATION ${invariant}: ${what}\n  ${trial}`)
      if (seen) write(`  ${JSON.stringify(seen)}`)
    }
    if (kills < told + EVERY_KILLS && kills < planned) return
    if (kills === told) return
    told = kills
    const seconds = Math.round((performance.now() - began) / 1_000)
    const places = [...at].map(([where, count]) => `${where} ${count}`).join(', ')
    write(`${kills} of ${planned} kills in ${seconds} s at ${points.size} points (${places})`)
  }
}

const pointName = ({ network, settle, method, size, point }: Trial): string =>
  JSON.stringify([network, settle, method, size, point])

export function summaryOf({ kills, payments, violations }: RunReport): string {
  const head = `${kills} kills, ${payments} payments signed, ${violations.length} violations`
  if (violations.length === 0) return head
  const kinds = new Map<string, number>()
  for (const { invariant } of violations) kinds.set(invariant, (kinds.get(invariant) ?? 0) + 1)
  const lines = [...kinds].map(([invariant, count]) => `  ${String(count).padStart(5)}  ${invariant}`)
  return [head, ...lines, "See one again: npm run chaos -- --trial '<the JSON of its report>'"].join('\n')
}
