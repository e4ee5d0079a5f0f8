/** Strings and numbers that must not be mixed up, told apart by the compiler at no cost at run time. */
type Brand<Base, Name extends string> = Base & { readonly __brand: Name }

/** A CAIP-2 chain id, such as `eip155:84532` (https://chainagnostic.org/CAIPs/caip-2). */
export type Caip2 = Brand<string, 'Caip2'>

/** The one canonical name of what was signed: every encoding of a payment maps to the same key. */
export type PaymentKey = Brand<string, 'PaymentKey'>

/** Identifies what a payment was claimed for: method, target and body. */
export type Fingerprint = Brand<string, 'Fingerprint'>

/** Proof of being the owner of a claim; a move of the record that carries another token is refused. */
export type FencingToken = Brand<string, 'FencingToken'>

/** An amount in the smallest unit of an asset on one network. */
export type AtomicUnits = Brand<bigint, 'AtomicUnits'>

/** Whole seconds since the Unix epoch, or a span of them. */
export type Seconds = Brand<number, 'Seconds'>

export type Milliseconds = Brand<number, 'Milliseconds'>

export const seconds = (n: number): Seconds => n as Seconds
export const milliseconds = (n: number): Milliseconds => n as Milliseconds
export const atomicUnits = (n: bigint): AtomicUnits => n as AtomicUnits
