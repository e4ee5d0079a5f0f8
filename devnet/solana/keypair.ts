import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { sha256, toAddress, toBase58 } from './bytes.ts'

/** A wallet as people pass it around: the address, and the base58 of seed and public key together (64 bytes). */
export interface Keypair {
  address: string
  secretKey: string
}

export interface Signer extends Keypair {
  publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The same label gives the same key pair everywhere, so that addresses can be written into files. */
export function signerOf(label: string): Signer {
  const seed = sha256(`farebox devnet: ${label}`)
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = rawPublicKey(key)
  return {
    address: toAddress(publicKey),
    secretKey: toBase58(Buffer.concat([seed, publicKey])),
    publicKey,
    sign: (message) => sign(null, message, key),
  }
}

export function keypairOf(label: string): Keypair {
  const { address, secretKey } = signerOf(label)
  return { address, secretKey }
}

const rawPublicKey = (key: KeyObject): Uint8Array =>
  Uint8Array.from(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
