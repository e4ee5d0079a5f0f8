/** Structured logging: an event name and its fields. Never given a key, a signature or a whole payload (threats T24). */
export interface Log {
  info(fields: object, event: string): void
  warn(fields: object, event: string): void
  error(fields: object, event: string): void
}
