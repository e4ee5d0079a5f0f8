import type { Caip2, Seconds } from '../domain/ids.ts'
import type { KeyParts } from '../domain/key.ts'
import type { IdentifiedPayment, Payment } from '../domain/payment.ts'
import { problems } from '../domain/problems.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { EdgeRequest } from '../domain/request.ts'
import type { Network } from '../ports/network.ts'
import type { WalletKinds } from '../ports/wallets.ts'
import { readSignIn, SIGN_IN_WITH_X, type SignIn, signInMessage, typeFor } from '../wire/siwx.ts'

/** How old a sign-in may be (x402 extension `sign-in-with-x`). */
export const SIGN_IN_SECONDS = 300

/** Proven to be the payer: by the payment itself, or by a wallet's signature alone. */
export type Proof = { readonly payment: IdentifiedPayment | undefined }

export interface ProofParts {
  readonly decode: (request: EdgeRequest) => Payment | undefined | Refusal
  readonly networks: ReadonlyMap<Caip2, Network>
  readonly wallets: WalletKinds
}

export interface SignInTerms {
  /** Where callers reach us; undefined where that is not certain, and then no sign-in can be bound to it. */
  readonly origin: string | undefined
  /** The key an address of ours names, or undefined for any other address. */
  readonly keyAt: (path: string) => KeyParts | undefined
  readonly now: Seconds
  readonly skewSeconds: number
}

/**
 * Whether a request comes from the payer that a key names. CPU only: the owner stands in the key, so nothing is read from
 * the store, and no answer differs by what the store holds.
 *
 * A sign-in's nonce is not remembered: it opens one payment's page for five minutes, to be read only, and whoever could
 * take it from the wire could take the page from there as well.
 */
export function prove(request: EdgeRequest, asked: KeyParts, parts: ProofParts, terms: SignInTerms): Proof | Refusal {
  const payment = parts.decode(request)
  if (isRefusal(payment)) return isQuoting(payment) ? notThePayer(payment) : { ...payment, charged: 'unknown' }
  if (payment) return provenBy(payment, asked, parts.networks)
  const [header, second] = request.headers.get(SIGN_IN_WITH_X) ?? []
  if (header === undefined) return refuse('sign_in_required')
  const signIn = second === undefined ? readSignIn(header) : undefined
  if (!signIn) return refuse('invalid_siwx_payload')
  return wrongTerms(signIn, asked, terms) ?? provenByWallet(signIn, asked, parts.wallets)
}

function provenBy(payment: Payment, asked: KeyParts, networks: ReadonlyMap<Caip2, Network>): Proof | Refusal {
  const identified = networks.get(payment.network)?.identify(payment) ?? refuse('invalid_network')
  if (isRefusal(identified)) return notThePayer(identified)
  return identified.key === asked.key ? { payment: identified } : refuse('not_the_payer')
}

/** A 402 without a quote would ask for a payment here. */
const isQuoting = ({ refused }: Refusal): boolean => problems[refused].status === 402
const notThePayer = ({ refused }: Refusal): Refusal =>
  refuse('not_the_payer', { detail: `${problems[refused].title}.` })

/** What a sign-in says, held against what was asked of it: domain, resource, chain, times. */
function wrongTerms(signIn: SignIn, asked: KeyParts, terms: SignInTerms): Refusal | undefined {
  const { origin, keyAt, now, skewSeconds } = terms
  if (origin === undefined)
    return refuse('invalid_siwx_domain_mismatch', {
      detail:
        'The operator has not set PUBLIC_URL, so a sign-in cannot be bound to this gateway. Send the payment itself.',
    })
  if (signIn.domain !== new URL(origin).host) return refuse('invalid_siwx_domain_mismatch')
  const uri = URL.canParse(signIn.uri) ? new URL(signIn.uri) : undefined
  if (uri?.origin !== origin || uri.search !== '' || uri.hash !== '' || keyAt(uri.pathname)?.key !== asked.key)
    return refuse('invalid_siwx_uri_mismatch')
  if (signIn.chainId !== asked.network || signIn.type !== typeFor(asked.network)) return refuse('invalid_siwx_chain_id')
  const issued = secondsOf(signIn.issuedAt)
  // A time that is none compares false with everything, so each rule says what must hold.
  if (!(issued >= now - SIGN_IN_SECONDS)) return refuse('invalid_siwx_issued_at_too_old')
  if (!(issued <= now + skewSeconds)) return refuse('invalid_siwx_issued_at_in_future')
  if (signIn.expirationTime !== undefined && !(secondsOf(signIn.expirationTime) > now))
    return refuse('invalid_siwx_expired')
  if (signIn.notBefore !== undefined && !(secondsOf(signIn.notBefore) <= now + skewSeconds))
    return refuse('invalid_siwx_not_yet_valid')
  return undefined
}

function provenByWallet(signIn: SignIn, { network, owner }: KeyParts, kinds: WalletKinds): Proof | Refusal {
  const wallets = kinds.get(network.slice(0, network.indexOf(':')))
  const address = wallets?.address(signIn.address)
  if (!wallets || address === undefined) return refuse('invalid_siwx_payload')
  if (!wallets.signed(address, signInMessage(signIn, address), signIn.signature))
    return refuse('invalid_siwx_signature')
  return address === wallets.address(owner) ? { payment: undefined } : refuse('not_the_payer')
}

const secondsOf = (time: string): number => Date.parse(time) / 1_000
