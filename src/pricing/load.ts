import type { z } from 'zod'
import { type Pricing, pricingSchema } from './schema.ts'
import { fillIn, type PricingFault, pointerTo, type SecretSource } from './secrets.ts'

/** pricing.json cannot be used; every fault is named, so that one look mends them all. */
export class BadPricing extends Error {
  override readonly name = 'BadPricing'
  readonly faults: readonly PricingFault[]

  constructor(faults: readonly PricingFault[]) {
    super(`pricing.json: ${faults.map(({ pointer, reason }) => `${pointer || '/'}: ${reason}`).join('; ')}`)
    this.faults = faults
  }
}

/**
 * Reads the text of a pricing.json.
 *
 * @throws BadPricing with a JSON pointer and a reason for each fault
 */
export function parsePricing(text: string, source: SecretSource): Pricing {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new BadPricing([{ pointer: '', reason: `not JSON: ${(error as Error).message}` }])
  }
  const { value, faults } = fillIn(json, source)
  const parsed = pricingSchema.safeParse(value)
  const unfilled = new Set(faults.map(({ pointer }) => pointer))
  // A reference without a value is one fault, not a second one for the empty string it left behind.
  const shape = parsed.success ? [] : faultsOf(parsed.error.issues).filter(({ pointer }) => !unfilled.has(pointer))
  if (faults.length > 0 || !parsed.success) throw new BadPricing([...faults, ...shape])
  return parsed.data
}

/** Of a union, the branch that came nearest is the one the operator meant. */
function faultsOf(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[] = []): PricingFault[] {
  return issues.flatMap((issue): PricingFault[] => {
    const path = [...above, ...issue.path]
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const branches = issue.errors.map((branch) => faultsOf(branch, path))
      return branches.reduce((best, branch) => (branch.length < best.length ? branch : best))
    }
    const pointer = pointerTo(path.map(String))
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ pointer: `${pointer}${pointerTo([key])}`, reason: 'there is no such member' }))
    if (issue.code === 'invalid_key')
      return [{ pointer, reason: issue.issues.map(({ message }) => message).join('; ') }]
    return [{ pointer, reason: issue.message }]
  })
}
