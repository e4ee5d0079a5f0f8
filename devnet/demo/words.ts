const USDC_DECIMALS = 6
const SHOWN_DECIMALS = 3

/** Atomic units of USDC as people write them: at least three decimals, and all that are not zero. */
export function usdc(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(USDC_DECIMALS + 1, '0')
  const whole = digits.slice(0, -USDC_DECIMALS).replace(/\B(?=(\d{3})+$)/g, ',')
  const fraction = digits.slice(-USDC_DECIMALS).replace(/0+$/, '').padEnd(SHOWN_DECIMALS, '0')
  return `${amount < 0n ? '-' : ''}${whole}.${fraction}`
}

export const signed = (amount: bigint): string => `${amount > 0n ? '+' : ''}${usdc(amount)}`

/** An address, or anything that long, by its ends. */
export const short = (text: string, ends = 6): string =>
  text.length <= 2 * ends + 1 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`

/** A CAIP-2 name; the reference of a long one by its beginning. */
export const network = (caip2: string): string => (caip2.length <= 14 ? caip2 : `${caip2.slice(0, 13)}…`)

/** At most a line of `width` characters. */
export const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`

/** A transaction id: whole where it fits on a line. */
export const transaction = (id: string): string => (id.length <= 70 ? id : short(id, 32))

export function value(of: unknown): string {
  return typeof of === 'number' ? String(Number(of.toPrecision(4))) : String(of)
}
