import { z } from 'zod'
import type { Eip3009Authorization } from '../../domain/payment.ts'
import { answered, type Rpc } from '../rpc.ts'
import { domainSeparator, type TokenDomain, transferDigest } from './eip712.ts'
import { bytes } from './shapes.ts'

/** `transferWithAuthorization` with the signature as v, r and s, or as bytes. */
const SELECTORS = ['0xe3ee160e', '0xcf092995']
const maybeCall = z.object({ to: bytes.nullable(), input: bytes }).nullable()

/**
 * The digest that the payer signed, read from the transaction that used the authorization; undefined where the token was not
 * called by it directly.
 *
 * @throws ChainUnavailable
 */
export async function signedDigest(
  rpc: Rpc,
  token: TokenDomain,
  transaction: string,
  nonce: string,
): Promise<string | undefined> {
  const call = await answered(() => rpc.call('eth_getTransactionByHash', [transaction], maybeCall))
  if (call?.to?.toLowerCase() !== token.verifyingContract.toLowerCase()) return undefined
  const authorization = SELECTORS.includes(call.input.slice(0, 10)) ? readArguments(call.input.slice(10)) : undefined
  if (authorization?.nonce !== nonce) return undefined
  return Buffer.from(transferDigest(domainSeparator(token), authorization)).toString('hex')
}

/** The first six arguments are one word each (EIP-3009). */
function readArguments(words: string): Eip3009Authorization | undefined {
  if (words.length < 6 * 64) return undefined
  const word = (index: number) => words.slice(index * 64, (index + 1) * 64)
  const [from, to] = [0, 1].map((index) => `0x${word(index).slice(24)}`)
  const [value, validAfter, validBefore] = [2, 3, 4].map((index) => BigInt(`0x${word(index)}`))
  return {
    kind: 'eip3009',
    from,
    to,
    value,
    validAfter,
    validBefore,
    nonce: `0x${word(5)}`,
    signature: new Uint8Array(),
  } as Eip3009Authorization
}
