import type { Caip2, Seconds } from '../domain/ids.ts'

/** Keeps networks shut on which a replay could pass unnoticed after the store has lost its memory (threats T9). */
export interface Quarantine {
  /** Whether new payments on a network are refused for now. Never behind the store. */
  isShut(network: Caip2): boolean
  /** For how long about; 1 at least. */
  retryAfter(network: Caip2): Seconds
}
