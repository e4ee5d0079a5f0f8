import { createPublicKey, verify } from 'node:crypto'
import { getBase58Decoder, getBase58Encoder } from '@solana/kit'
import type { Wallets } from '../../ports/wallets.ts'

/** DER prefix of an Ed25519 public key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Keys of Solana accounts, which sign the UTF-8 bytes of a text as they are (Ed25519, RFC 8032). */
export const solanaWallets: Wallets = {
  address(text) {
    const bytes = readBase58(text, 32)
    return bytes && getBase58Decoder().decode(bytes)
  },
  signed(address, text, signature) {
    const [key, signed] = [readBase58(address, 32), readBase58(signature, 64)]
    if (!key || !signed) return false
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: 'der', type: 'spki' })
    return verify(null, Buffer.from(text), publicKey, signed)
  },
}

/** Base58 of exactly so many bytes; undefined for anything else. */
function readBase58(text: string, size: number): Uint8Array | undefined {
  if (!/^[1-9A-HJ-NP-Za-km-z]{1,90}$/.test(text)) return undefined
  const bytes = getBase58Encoder().encode(text)
  return bytes.length === size ? Uint8Array.from(bytes) : undefined
}
