import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { getAddressDecoder, getBase58Encoder } from '@solana/kit'

/** DER prefix of an Ed25519 private key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A key pair of ours. */
export interface Keypair {
  readonly address: string
  sign(message: Uint8Array): Uint8Array
}

/** @throws when the secret key is not 64 bytes of base58 whose halves belong together */
export function openKeypair(secret: string): Keypair {
  const bytes = Buffer.from(getBase58Encoder().encode(secret))
  if (bytes.length !== 64) throw new Error('a Solana secret key has 64 bytes in base58')
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, bytes.subarray(0, 32)]),
    format: 'der',
    type: 'pkcs8',
  })
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  if (!own.equals(bytes.subarray(32))) throw new Error('the halves of the Solana secret key do not belong together')
  return { address: getAddressDecoder().decode(own), sign: (message) => sign(null, message, key) }
}
