import type { Log } from '../../src/ports/log.ts'

/** A log that keeps what it is told. */
export function memoryLog(): Log & { readonly lines: { level: string; event: string; fields: object }[] } {
  const lines: { level: string; event: string; fields: object }[] = []
  const at = (level: string) => (fields: object, event: string) => void lines.push({ level, event, fields })
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}
