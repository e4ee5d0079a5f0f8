import { z } from 'zod'
import type { Caip2 } from '../domain/ids.ts'
import { decodeBase64, decodeUtf8 } from './base64.ts'
import { parseStrict } from './json.ts'

/** The extension's name, and that of its request header (x402 extension `sign-in-with-x`). */
export const SIGN_IN_WITH_X = 'sign-in-with-x'

const MAX_HEADER_CHARS = 8_192

// A line break in a field would let one message be read as another (EIP-4361, message format).
const line = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[^\p{Cc}\u2028\u2029]+$/u)
/** RFC 3339, as EIP-4361 asks of every time. */
const time = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/)

const shape = z.object({
  domain: line,
  address: line,
  statement: line.optional(),
  uri: line,
  version: z.literal('1'),
  chainId: line,
  type: z.enum(['eip191', 'ed25519']),
  nonce: z.string().regex(/^[A-Za-z0-9]{8,128}$/),
  issuedAt: time,
  expirationTime: time.optional(),
  notBefore: time.optional(),
  requestId: line.optional(),
  resources: z.array(line).min(1).max(16).optional(),
  signature: line,
})

/** What a wallet signed to show who it is (CAIP-122); nothing of it is proven yet. */
export type SignIn = z.infer<typeof shape>

const SCHEMA = z.toJSONSchema(shape)

/** Reads the value of a SIGN-IN-WITH-X header: base64 of UTF-8 JSON; undefined when it is none. */
export function readSignIn(value: string): SignIn | undefined {
  const bytes = value.length <= MAX_HEADER_CHARS ? decodeBase64(value) : undefined
  const text = bytes && decodeUtf8(bytes)
  if (text === undefined) return undefined
  try {
    return shape.safeParse(parseStrict(text, { foldCase: true })).data
  } catch {
    return undefined
  }
}

/** The text a wallet signs: EIP-4361 on EVM chains, its counterpart on Solana. */
export function signInMessage(signIn: SignIn, address: string): string {
  const { domain, statement, uri, version, nonce, issuedAt, expirationTime, notBefore, requestId, resources } = signIn
  const [namespace, reference] = signIn.chainId.split(':')
  const isEvm = namespace === 'eip155'
  return [
    `${domain} wants you to sign in with your ${isEvm ? 'Ethereum' : 'Solana'} account:`,
    address,
    '',
    // EIP-4361 keeps the statement's place where there is none; Solana's text does not.
    ...(statement !== undefined ? [statement, ''] : isEvm ? [''] : []),
    `URI: ${uri}`,
    `Version: ${version}`,
    `Chain ID: ${reference}`,
    `Nonce: ${nonce}`,
    `Issued At: ${issuedAt}`,
    ...(expirationTime !== undefined ? [`Expiration Time: ${expirationTime}`] : []),
    ...(notBefore !== undefined ? [`Not Before: ${notBefore}`] : []),
    ...(requestId !== undefined ? [`Request ID: ${requestId}`] : []),
    ...(resources !== undefined ? ['Resources:', ...resources.map((resource) => `- ${resource}`)] : []),
  ].join('\n')
}

export interface ChallengeOptions {
  readonly origin: string
  /** Absolute URL of what is asked for. */
  readonly uri: string
  readonly network: Caip2
  readonly statement: string
  readonly nonce: string
  readonly issuedAt: Date
  readonly lifeSeconds: number
}

/** What a client needs to sign in, as the extension's servers declare it: the value of `extensions`. */
export function signInChallenge(options: ChallengeOptions): Record<string, unknown> {
  const { origin, uri, network, statement, nonce, issuedAt, lifeSeconds } = options
  const info = {
    domain: new URL(origin).host,
    uri,
    statement,
    version: '1',
    nonce,
    issuedAt: issuedAt.toISOString(),
    expirationTime: new Date(issuedAt.getTime() + lifeSeconds * 1_000).toISOString(),
    resources: [uri],
  }
  return { [SIGN_IN_WITH_X]: { info, supportedChains: [{ chainId: network, type: typeFor(network) }], schema: SCHEMA } }
}

/** How the wallets of a network sign (CAIP-122). */
export function typeFor(network: Caip2): SignIn['type'] {
  return network.startsWith('solana:') ? 'ed25519' : 'eip191'
}
