import { z } from 'zod'
import { type AtomicUnits, atomicUnits, type Caip2 } from '../domain/ids.ts'
import type { Authorization } from '../domain/payment.ts'
import { decodeBase64 } from './base64.ts'

const UINT256_MAX = 2n ** 256n - 1n

/** A whole number as text: no sign, no exponent, no leading zeros, at most 2^256 − 1 (threats T20). */
export const uint256 = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,77})$/)
  .transform((text) => BigInt(text))
  .refine((value) => value <= UINT256_MAX)

export const amount = uint256.transform((value): AtomicUnits => atomicUnits(value))

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase())

const bytes32 = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase())

const hexBytes = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2}){1,4096}$/)
  .transform((text): Uint8Array => Buffer.from(text.slice(2), 'hex'))

/** EIP-3009 payload of the `exact` scheme (x402 specification, schemes/exact/scheme_exact_evm). */
const evmPayload = z.strictObject({
  signature: hexBytes,
  authorization: z.strictObject({
    from: address,
    to: address,
    value: amount,
    validAfter: uint256,
    validBefore: uint256,
    nonce: bytes32,
  }),
})

const solanaPayload = z.strictObject({
  // A Solana packet carries at most 1232 bytes of transaction.
  transaction: z
    .string()
    .max(1644)
    .transform((text) => decodeBase64(text))
    .refine((bytes) => bytes !== undefined && bytes.length > 0),
})

export const caip2 = z
  .string()
  .regex(/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/)
  .transform((text) => text as Caip2)

/** Reads the `payload` member for a network; undefined when it is not of the network's kind. */
export function readPayload(network: Caip2, payload: unknown): Authorization | undefined {
  if (network.startsWith('solana:')) {
    const parsed = solanaPayload.safeParse(payload)
    return parsed.success && parsed.data.transaction
      ? { kind: 'solana-transaction', wire: parsed.data.transaction }
      : undefined
  }
  const parsed = evmPayload.safeParse(payload)
  if (!parsed.success) return undefined
  const { authorization, signature } = parsed.data
  return { kind: 'eip3009', ...authorization, signature }
}
