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

/** What eth_getLogs finds. */
export const foundLogs = z.array(log.extend({ blockNumber: quantity }))

export const receipt = z.object({
  transactionHash: bytes,
  status: z.enum(['0x0', '0x1']),
  blockNumber: quantity,
  blockHash: bytes,
  logs: z.array(log),
  gasUsed: quantity.optional(),
  effectiveGasPrice: quantity.optional(),
  /** What a rollup charges beside the gas (OP Stack). */
  l1Fee: quantity.nullish(),
})

/** null while a transaction is not mined. */
export const maybeReceipt = receipt.nullable()

const block = z.object({ number: quantity, hash: bytes, timestamp: quantity, baseFeePerGas: quantity.optional() })

/** null where the chain has no such block yet. */
export const maybeBlock = block.nullable()

export type EvmBlock = z.output<typeof block>
export type EvmLog = z.output<typeof log>
export type FoundLog = z.output<typeof foundLogs>[number]
export type EvmReceipt = z.output<typeof receipt>

/** A number as the node takes it. */
export const toQuantity = (value: bigint): string => `0x${value.toString(16)}`
