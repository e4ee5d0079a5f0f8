import { z } from 'zod'

// What an Ethereum node answers (https://ethereum.github.io/execution-apis/), as far as it is read here.

/** A number in hexadecimal without leading zeros, as bigint. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((hex) => BigInt(hex))

/** Bytes in hexadecimal, lower case. */
export const bytes = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((hex) => hex.toLowerCase())

const log = z.object({ address: bytes, topics: z.array(bytes).max(4), data: bytes, transactionHash: bytes })

export const logs = z.array(log)

export const receipt = z.object({ transactionHash: bytes, status: z.enum(['0x0', '0x1']), logs })

/** null while a transaction is not mined. */
export const maybeReceipt = receipt.nullable()

/** null where the chain has no such block yet. */
export const maybeBlock = z
  .object({ number: quantity, timestamp: quantity, baseFeePerGas: quantity.optional() })
  .nullable()

export type EvmLog = z.output<typeof log>
export type EvmReceipt = z.output<typeof receipt>
