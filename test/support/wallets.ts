import { createPrivateKey, sign } from 'node:crypto'
import { getBase58Decoder } from '@solana/kit'

/** DER prefix of an Ed25519 private key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A Solana wallet as browsers have it: it signs the bytes it is given. */
export function solanaWallet(secretKey: Uint8Array) {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, secretKey.slice(0, 32)]),
    format: 'der',
    type: 'pkcs8',
  })
  const address = getBase58Decoder().decode(secretKey.slice(32, 64))
  return {
    address,
    publicKey: address,
    signMessage: async (message: Uint8Array) => Uint8Array.from(sign(null, message, key)),
  }
}
