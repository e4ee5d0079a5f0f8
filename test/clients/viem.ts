import { randomBytes } from 'node:crypto'
import { type Hex, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Description } from '../../devnet/description.ts'
import { type Offer, payByHand } from './by-hand.ts'
import { encodeJson, type Payer, type PayerOptions } from './payer.ts'

/** EIP-3009. */
const types = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const

/** An agent that has viem and has read the specification of v1. */
export const viemV1 = (world: Description, options: PayerOptions = {}) => payer(world, 'v1', options)

/** An agent that has viem and has read the specification of v2. */
export const viemV2 = (world: Description, options: PayerOptions = {}) => payer(world, 'v2', options)

async function payer({ evm }: Description, protocol: 'v1' | 'v2', options: PayerOptions): Promise<Payer> {
  const { address, privateKey } = evm.payer
  const asset = evm.assets['USDC'] ?? ''
  const sign = async (offer: Offer) => {
    const payload = await authorize(privateKey as Hex, evm.chainId, offer)
    const { scheme, network } = offer
    return encodeJson(
      protocol === 'v2' ? { x402Version: 2, accepted: offer, payload } : { x402Version: 1, scheme, network, payload },
    )
  }
  const agent = { protocol, network: protocol === 'v2' ? evm.network : 'base-sepolia', asset, sign, ...options }
  return {
    client: 'viem',
    protocol,
    network: evm.network,
    asset,
    address,
    pay: (url, init) => payByHand(agent, url, init),
  }
}

async function authorize(privateKey: Hex, chainId: number, { asset, payTo, amount, maxTimeoutSeconds, extra }: Offer) {
  const account = privateKeyToAccount(privateKey)
  const now = Math.floor(Date.now() / 1_000)
  const authorization = {
    from: account.address,
    to: payTo as Hex,
    value: BigInt(amount),
    validAfter: 0n,
    validBefore: BigInt(now + maxTimeoutSeconds),
    nonce: toHex(randomBytes(32)),
  }
  const { name = '', version = '' } = extra
  const signature = await account.signTypedData({
    domain: { name, version, chainId, verifyingContract: asset as Hex },
    types,
    primaryType: 'TransferWithAuthorization',
    message: authorization,
  })
  const { value, validAfter, validBefore, ...rest } = authorization
  const texts = { value: `${value}`, validAfter: `${validAfter}`, validBefore: `${validBefore}` }
  return { signature, authorization: { ...rest, ...texts } }
}
