import { z } from 'zod'
import { isSolana, v1NameOf } from '../../domain/chains.ts'
import type { Caip2 } from '../../domain/ids.ts'
import type { ProtocolVersion } from '../../domain/payment.ts'

const MAX_FEE_PAYERS = 16

const answer = z.object({
  kinds: z.array(
    z.object({
      x402Version: z.number().optional(),
      scheme: z.string(),
      network: z.string(),
      extra: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
  signers: z.record(z.string(), z.array(z.unknown())).nullish(),
})
const address = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/)

/** What a facilitator can settle on one network. */
export interface Support {
  /** The protocol versions it takes payments in, never none. */
  readonly versions: readonly ProtocolVersion[]
  /** Solana alone: who pays the fees; the one it names first, then all others it signs as. */
  readonly feePayers: readonly string[]
}

/**
 * Reads the answer to `GET /supported` (x402 v2, section 7.3): v2 names networks by CAIP-2, v1 by names of its own.
 *
 * Only fee payers are taken over: the rest of a facilitator's words has no place in our terms.
 *
 * @returns undefined where `exact` on this network is not in it
 */
export function readSupport(json: unknown, network: Caip2): Support | undefined {
  const parsed = answer.safeParse(json)
  if (!parsed.success) return undefined
  const { kinds, signers } = parsed.data
  const names: readonly [ProtocolVersion, string | undefined][] = [
    [2, network],
    [1, v1NameOf(network)],
  ]
  const found = names.flatMap(([version, name]) => {
    const kind = kinds.find(
      ({ scheme, network: named, x402Version = version }) =>
        scheme === 'exact' && named === name && x402Version === version,
    )
    return kind ? [{ version, feePayer: kind.extra?.['feePayer'] }] : []
  })
  if (!isSolana(network)) return found.length > 0 ? { versions: versionsOf(found), feePayers: [] } : undefined
  const usable = found.filter(({ feePayer }) => address.safeParse(feePayer).success)
  if (usable.length === 0) return undefined
  const others = [...(signers?.[network] ?? []), ...(signers?.['solana:*'] ?? [])]
  const feePayers = [...usable.map(({ feePayer }) => feePayer), ...others].flatMap((one) => {
    const known = address.safeParse(one)
    return known.success ? [known.data] : []
  })
  return { versions: versionsOf(usable), feePayers: [...new Set(feePayers)].slice(0, MAX_FEE_PAYERS) }
}

const versionsOf = (found: readonly { version: ProtocolVersion }[]) => found.map(({ version }) => version)
