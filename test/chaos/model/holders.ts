import type { FencingToken, PaymentKey } from '../../../src/domain/ids.ts'
import { type Move, RESTING_STATES } from '../../../src/domain/record.ts'

/** Who works on what, by what the store has answered. */
export interface Holders {
  /** A step of the store took effect. */
  done(step: string, given: readonly unknown[], result: unknown): void
  isHeld(key: PaymentKey): boolean
  /** Payments of which a token was given while another one held. */
  readonly shared: PaymentKey[]
  /** The store was lost, and every token with it. */
  forget(): void
}

/** @param lapsed the lease of somebody who never gave it back has run out, and another has taken the payment */
export function openHolders(now: () => number, lapsed: () => void): Holders {
  const until = new Map<PaymentKey, number>()
  const shared: PaymentKey[] = []
  const take = (key: PaymentKey, lease: number) => {
    const held = until.get(key)
    if (held !== undefined && held > now()) shared.push(key)
    if (held !== undefined && held <= now()) lapsed()
    until.set(key, now() + lease)
  }
  return {
    shared,
    isHeld: (key) => (until.get(key) ?? 0) > now(),
    forget: () => until.clear(),
    done(step, given, result) {
      const [first, second, third] = given
      const found = result as { readonly token?: FencingToken; readonly key?: PaymentKey } | undefined
      if (step === 'claim' && found?.token) take(found.key ?? (first as { key: PaymentKey }).key, second as number)
      if (step === 'takeOver' && found?.token) take(first as PaymentKey, second as number)
      if (result !== true) return
      if (step === 'renew') until.set(first as PaymentKey, now() + (third as number))
      const rests = step === 'move' && RESTING_STATES.includes((third as Move).to)
      if (step === 'release' || rests) until.delete(first as PaymentKey)
    },
  }
}
