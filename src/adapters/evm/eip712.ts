import secp256k1 from 'secp256k1'
import { keccak256, stringToBytes } from 'viem'
import type { Eip3009Authorization } from '../../domain/payment.ts'

/** EIP-712 domain of a token. */
export interface TokenDomain {
  readonly name: string
  readonly version: string
  readonly chainId: bigint
  readonly verifyingContract: string
}

const WORD = 32
const hash = (bytes: Uint8Array): Uint8Array => keccak256(bytes, 'bytes')
const hashText = (text: string): Uint8Array => hash(stringToBytes(text))

const DOMAIN_TYPE = hashText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')
const TRANSFER_TYPE = hashText(
  'TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
)

/** Half the order of secp256k1: EIP-2 and FiatToken refuse an `s` above it. */
const HALF_ORDER = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex')

/** `hashStruct` of a domain (EIP-712); computed once for each token. */
export function domainSeparator({ name, version, chainId, verifyingContract }: TokenDomain): Uint8Array {
  return hash(
    Buffer.concat([DOMAIN_TYPE, hashText(name), hashText(version), uintWord(chainId), hexWord(verifyingContract)]),
  )
}

/** The digest an EIP-3009 authorization is signed over, built by hand: the general encoder costs twenty times as much. */
export function transferDigest(separator: Uint8Array, authorization: Eip3009Authorization): Uint8Array {
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  const struct = Buffer.concat([
    TRANSFER_TYPE,
    hexWord(from),
    hexWord(to),
    uintWord(value),
    uintWord(validAfter),
    uintWord(validBefore),
    hexWord(nonce),
  ])
  return hash(Buffer.concat([Buffer.from([0x19, 0x01]), separator, hash(struct)]))
}

export interface Signature {
  readonly r: Uint8Array
  readonly s: Uint8Array
  readonly yParity: 0 | 1
}

/**
 * Splits a 65-byte signature. `v` may be 27/28 or 0/1; a high `s` is refused as FiatToken refuses it, so that one
 * authorization has one signature.
 */
export function splitSignature(bytes: Uint8Array): Signature | undefined {
  if (bytes.length !== 65) return undefined
  const r = bytes.subarray(0, WORD)
  const s = bytes.subarray(WORD, 2 * WORD)
  const v = bytes[64] as number
  const yParity = v >= 27 ? v - 27 : v
  if ((yParity !== 0 && yParity !== 1) || Buffer.compare(s, HALF_ORDER) > 0) return undefined
  return { r, s, yParity }
}

/** The address that signed a digest, lower case; undefined when nobody can have. */
export function recoverAddress(digest: Uint8Array, { r, s, yParity }: Signature): string | undefined {
  try {
    const publicKey = secp256k1.ecdsaRecover(Buffer.concat([r, s]), yParity, digest, false)
    return `0x${Buffer.from(hash(publicKey.subarray(1))).toString('hex', 12)}`
  } catch {
    return undefined
  }
}

export function uintWord(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * WORD, '0'), 'hex')
}

/** An address or bytes32 in a word of its own. */
export function hexWord(hex: string): Uint8Array {
  return Buffer.from(hex.slice(2).padStart(2 * WORD, '0'), 'hex')
}
