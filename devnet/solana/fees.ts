import { COMPUTE_BUDGET, isBuiltin } from './programs.ts'
import type { Message } from './transaction.ts'

const LAMPORTS_PER_SIGNATURE = 5_000n
const MAX_COMPUTE_UNITS = 1_400_000n
const MICRO = 1_000_000n

function computeUnitsByDefault(message: Message): bigint {
  const units = message.instructions.reduce(
    (sum, { programIdIndex }) => sum + (isBuiltin(message.accountKeys[programIdIndex] ?? '') ? 3_000n : 200_000n),
    0n,
  )
  return units < MAX_COMPUTE_UNITS ? units : MAX_COMPUTE_UNITS
}

/** What the fee payer owes for a message: 5,000 lamports a signature, and the priority fee it asks for, rounded up. */
export function feeOf(message: Message): bigint {
  let price = 0n
  let limit: bigint | undefined
  for (const { programIdIndex, data } of message.instructions) {
    if (message.accountKeys[programIdIndex] !== COMPUTE_BUDGET) continue
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    if (data[0] === 2 && data.length >= 5) limit = BigInt(view.getUint32(1, true))
    if (data[0] === 3 && data.length >= 9) price = view.getBigUint64(1, true)
  }
  const asked = limit ?? computeUnitsByDefault(message)
  const units = asked < MAX_COMPUTE_UNITS ? asked : MAX_COMPUTE_UNITS
  const signatures = BigInt(message.header.numRequiredSignatures)
  return LAMPORTS_PER_SIGNATURE * signatures + (price * units + MICRO - 1n) / MICRO
}
