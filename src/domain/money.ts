import { type AtomicUnits, atomicUnits } from './ids.ts'

/** An exact decimal number: `digits / 10^scale`. Dollars never pass through floating point. */
export interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

const PLAIN = /^(0|[1-9][0-9]{0,29})(?:\.([0-9]{1,30}))?$/

/** Reads a plain decimal such as `0.034`: no sign, no exponent, no separators, no leading zeros. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = PLAIN.exec(text)
  if (!match) return undefined
  const [, whole = '', fraction = ''] = match
  return { digits: BigInt(whole + fraction), scale: fraction.length }
}

/** Reads a price such as `$0.034`. */
export function parseUsd(text: string): Decimal | undefined {
  return text.startsWith('$') ? parseDecimal(text.slice(1)) : undefined
}

/**
 * What a dollar price is in an asset: price ÷ dollars per token, in units of 10^−decimals, rounded up.
 *
 * Exact: rounded once, at the end, so the result is never below the exact price and less than one unit above it.
 *
 * @param usdPerToken dollars for one whole token; greater than zero
 * @param decimals of the asset on the network in question
 */
export function usdToAtomic(price: Decimal, usdPerToken: Decimal, decimals: number): AtomicUnits {
  const numerator = price.digits * 10n ** BigInt(decimals + usdPerToken.scale)
  const denominator = usdPerToken.digits * 10n ** BigInt(price.scale)
  return atomicUnits((numerator + denominator - 1n) / denominator)
}

/** Atomic units as a plain decimal, for people: `formatUnits(34000n, 6)` is `0.034`. */
export function formatUnits(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return fraction ? `${whole}.${fraction}` : whole
}
