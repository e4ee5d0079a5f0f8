import type { Caip2, PaymentKey } from './ids.ts'

/** What a payment's key says of it, before anything is known. */
export interface KeyParts {
  readonly key: PaymentKey
  readonly network: Caip2
  /** The payer's address as it stands in the key: lower case on EVM chains. */
  readonly owner: string
}

const KEY = /^((?:eip155|solana):[-_a-zA-Z0-9]{1,32}):(?:[0-9A-Za-z]{1,64}:)?([0-9A-Za-z]{1,64}):[0-9A-Za-z]{1,128}$/

/** Reads the text of a key: `<network>:[<asset> or grant:]<payer>:<nonce or hash>`. Hexadecimal digits may come in either case. */
export function readKey(text: string): KeyParts | undefined {
  const canonical = text.startsWith('eip155:') ? text.toLowerCase() : text
  const [key, network, owner] = KEY.exec(canonical) ?? []
  if (key === undefined || network === undefined || owner === undefined) return undefined
  return { key: key as PaymentKey, network: network as Caip2, owner }
}

/**
 * The key of a credit that stands for no payment known here: for a transaction, so that it is granted once only, or for a
 * present under a name of its own. Like every key it names its owner last but one, and no payment's key looks like it.
 */
export function grantKey(network: Caip2, owner: string, name: string): PaymentKey {
  return `${network}:grant:${network.startsWith('eip155:') ? owner.toLowerCase() : owner}:${name}` as PaymentKey
}
