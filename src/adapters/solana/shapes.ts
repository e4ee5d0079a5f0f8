import { z } from 'zod'

// What a Solana node answers (https://solana.com/docs/rpc), as far as it is read here. Amounts of lamports and heights fit a double.

const whole = z.number().int().nonnegative()
const inContext = <Value extends z.ZodType>(value: Value) => z.object({ context: z.object({ slot: whole }), value })

export const epochInfo = z.object({ absoluteSlot: whole, blockHeight: whole })
export const slot = whole
export const slots = z.array(whole)
export const latestBlockhash = inContext(z.object({ blockhash: z.string(), lastValidBlockHeight: whole }))
export const lamports = inContext(whole)
export const text = z.string()
/** What a transaction failed with: absent and null both mean that it did not. */
const failure = z.unknown()

export const simulation = inContext(z.object({ err: failure, logs: z.array(z.string()).nullish() }))

const status = z.object({ slot: whole, err: failure, confirmationStatus: z.string().nullish() })
export const statuses = inContext(z.array(status.nullable()))
export type SignatureStatus = z.output<typeof status>

export const signatures = z.array(z.object({ signature: z.string(), slot: whole }))

/** null while a transaction is not known, or not as final as was asked for. */
export const maybeTransaction = z
  .object({
    slot: whole,
    transaction: z.tuple([z.string(), z.literal('base64')]),
    meta: z.object({ err: failure }).nullable(),
  })
  .nullable()

/** null for an account that does not exist. */
export const maybeAccount = inContext(
  z.object({ owner: z.string(), data: z.tuple([z.string(), z.string()]) }).nullable(),
)
