import { createHash } from 'node:crypto'
import { getAddressDecoder, getAddressEncoder, getBase58Decoder, getBase58Encoder, isAddress } from '@solana/kit'

const base58Decoder = getBase58Decoder()
const base58Encoder = getBase58Encoder()
const addressDecoder = getAddressDecoder()
const addressEncoder = getAddressEncoder()

export const toBase58 = (bytes: Uint8Array): string => base58Decoder.decode(bytes)

/** @throws when `text` is not base58. */
export const fromBase58 = (text: string): Uint8Array => Uint8Array.from(base58Encoder.encode(text))

export const toAddress = remembered(
  (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'),
  (bytes) => addressDecoder.decode(bytes) as string,
)

/** @throws when `address` is not the base58 of 32 bytes. */
export const fromAddress = remembered(
  (address: string) => address,
  (address) => {
    if (!isAddress(address)) throw new TypeError(`${address} is not a Solana address`)
    return Uint8Array.from(addressEncoder.encode(address))
  },
)

/** Base58 takes long, and a chain sees the same few addresses again and again. */
function remembered<A, B>(keyOf: (value: A) => string, convert: (value: A) => B): (value: A) => B {
  const known = new Map<string, B>()
  return (value) => {
    const key = keyOf(value)
    const found = known.get(key)
    if (found !== undefined) return found
    const result = convert(value)
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(key, result)
    return result
  }
}

const MAX_REMEMBERED = 10_000

export const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest()

export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
