import { randomBytes } from 'node:crypto'
import { type Hex, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

/** EIP-712 types of an EIP-3009 authorization. */
export const fields = {
  TransferWithAuthorization: [
    'address from',
    'address to',
    'uint256 value',
    'uint256 validAfter',
    'uint256 validBefore',
    'bytes32 nonce',
  ].map(named),
}

function named(field: string): { type: string; name: string } {
  const [type = '', name = ''] = field.split(' ')
  return { type, name }
}

/** A v2 offer as it stands in PAYMENT-REQUIRED. */
export interface WireOffer {
  readonly scheme: string
  readonly network: string
  readonly amount: string
  readonly asset: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly extra: Readonly<Record<string, string>>
}

export interface SignOptions {
  readonly privateKey: Hex
  readonly offer: WireOffer
  /** What is signed instead of what the offer asks for. */
  readonly authorization?: Partial<Record<'from' | 'to' | 'value' | 'validAfter' | 'validBefore' | 'nonce', string>>
  readonly domain?: Record<string, unknown>
  /** Members of `accepted` that are echoed otherwise than offered. */
  readonly accepted?: Record<string, unknown>
  /** Changes the signature after it was made. */
  readonly tamper?: (signature: Hex) => Hex
}

/** Signs an offer as a client does. Gives the payloads of both protocols, to be encoded by `encode`. */
export async function signBase({
  privateKey,
  offer,
  authorization: override,
  domain,
  accepted,
  tamper = (hex) => hex,
}: SignOptions) {
  const account = privateKeyToAccount(privateKey)
  const now = Math.floor(Date.now() / 1_000)
  const authorization = {
    from: account.address as string,
    to: offer.payTo,
    value: offer.amount,
    validAfter: String(now - 600),
    validBefore: String(now + offer.maxTimeoutSeconds),
    nonce: toHex(randomBytes(32)) as string,
    ...override,
  }
  const chainId = Number(offer.network.split(':')[1])
  const signature = await account.signTypedData({
    domain: {
      name: offer.extra['name'] ?? '',
      version: offer.extra['version'] ?? '',
      chainId,
      verifyingContract: offer.asset as Hex,
      ...domain,
    },
    types: fields,
    primaryType: 'TransferWithAuthorization',
    message: authorization as Record<string, unknown>,
  })
  const payload = { signature: tamper(signature), authorization }
  return {
    v1: { x402Version: 1, scheme: offer.scheme, network: 'base-sepolia', payload },
    v2: { x402Version: 2, accepted: { ...offer, ...accepted }, payload },
  }
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
export const decode = <T = Record<string, unknown>>(value: string): T =>
  JSON.parse(Buffer.from(value, 'base64').toString())
