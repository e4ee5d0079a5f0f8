import { encodeFunctionData, hashTypedData, hexToBytes, parseAbi, toEventSelector, toFunctionSelector } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { domainSeparator, transferDigest } from '../../src/adapters/evm/eip712.ts'
import { evmNetwork } from '../../src/adapters/evm/network.ts'
import { AUTHORIZATION_CANCELED, AUTHORIZATION_USED, transferCalldata } from '../../src/adapters/evm/token.ts'
import type { Rpc } from '../../src/adapters/rpc.ts'
import { atomicUnits } from '../../src/domain/ids.ts'
import type { Eip3009Authorization, Payment } from '../../src/domain/payment.ts'
import { fields } from '../support/evm-payment.ts'
import { BASE_SEPOLIA, baseOffer, NOW, PAYEE, USDC } from '../support/fixtures.ts'

const noRpc: Rpc = { call: () => Promise.reject(new Error('identify asks no node')), close: async () => undefined }
const account = privateKeyToAccount(`0x${'42'.repeat(32)}`)
const OTHER_TOKEN = '0x1111111111111111111111111111111111111111'
const network = evmNetwork({
  id: BASE_SEPOLIA,
  rpc: noRpc,
  finalityMs: 1_000,
  tokens: [
    { address: OTHER_TOKEN, decimals: 6, eip712: { name: 'Other', version: '1' } },
    { address: USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } },
  ],
})
const domain = { name: 'USDC', version: '2', chainId: 84532, verifyingContract: USDC } as const
const message = {
  from: account.address,
  to: PAYEE,
  value: 34_000n,
  validAfter: 0n,
  validBefore: BigInt(NOW + 60),
  nonce: `0x${'ab'.repeat(32)}`,
} as const
const sign = (override: object = {}) =>
  account.signTypedData({
    domain: { ...domain, ...override },
    types: fields,
    primaryType: 'TransferWithAuthorization',
    message,
  })

const authorizationOf = (signature: Uint8Array): Eip3009Authorization => ({
  kind: 'eip3009',
  from: account.address.toLowerCase(),
  to: PAYEE.toLowerCase(),
  value: atomicUnits(34_000n),
  validAfter: 0n,
  validBefore: BigInt(NOW + 60),
  nonce: message.nonce,
  signature,
})
const { scheme, amount, asset, payTo, maxTimeoutSeconds, extra } = baseOffer
const echo = { scheme, network: BASE_SEPOLIA, amount, asset, payTo, maxTimeoutSeconds, extra }
const paymentOf = (signature: Uint8Array, more: Partial<Payment> = {}): Payment => ({
  version: 2,
  scheme,
  network: BASE_SEPOLIA,
  accepted: echo,
  authorization: authorizationOf(signature),
  ...more,
})
const codeOf = (payment: Payment) => {
  const result = network.identify(payment)
  return 'refused' in result ? result.refused : result.key
}
const KEY = `eip155:84532:${USDC.toLowerCase()}:${account.address.toLowerCase()}:${message.nonce}`

describe('an EIP-3009 payment', () => {
  test('in v2 has the key (chain, asset, from, nonce)', async () =>
    expect(codeOf(paymentOf(hexToBytes(await sign())))).toBe(KEY))
  test('in v1 is of the asset in whose domain the signature recovers the payer', async () => {
    expect(network.identify(paymentOf(hexToBytes(await sign()), { version: 1, accepted: undefined }))).toMatchObject({
      key: KEY,
      transfer: { asset: USDC, kind: 'eip3009', nonce: message.nonce },
    })
  })
  test('has the same key with v 0/1 and 27/28', async () => {
    const bytes = Uint8Array.from(hexToBytes(await sign()))
    bytes[64] = (bytes[64] ?? 0) - 27
    expect(codeOf(paymentOf(bytes))).toBe(KEY)
  })
})

describe('a signature that is refused', () => {
  const refused = 'invalid_exact_evm_payload_signature'
  test.each([
    ['another chain', { chainId: 8453 }],
    ['another name', { name: 'USD Coin' }],
    ['another version', { version: '1' }],
    ['another token', { verifyingContract: OTHER_TOKEN }],
  ])('made for %s', async (_, override) => expect(codeOf(paymentOf(hexToBytes(await sign(override))))).toBe(refused))

  test('with a high s', async () => {
    const bytes = Uint8Array.from(hexToBytes(await sign()))
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = BigInt(`0x${Buffer.from(bytes.subarray(32, 64)).toString('hex')}`)
    bytes.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 32)
    bytes[64] = bytes[64] === 27 ? 28 : 27
    expect(codeOf(paymentOf(bytes))).toBe(refused)
  })
  test.each([2, 26, 29, 255])('with v %s', async (v) => {
    const bytes = Uint8Array.from(hexToBytes(await sign()))
    bytes[64] = v
    expect(codeOf(paymentOf(bytes))).toBe(refused)
  })
  test('with a byte behind it', async () => {
    expect(codeOf(paymentOf(Buffer.concat([hexToBytes(await sign()), Buffer.from([0])])))).toBe(refused)
  })
  test.each([0, 64, 66])('of %s bytes', (length) =>
    expect(codeOf(paymentOf(new Uint8Array(length).fill(1)))).toBe(refused),
  )
  test('of garbage', () => expect(codeOf(paymentOf(new Uint8Array(65).fill(27)))).toBe(refused))
  test('of somebody else in the payer’s name', async () => {
    const bytes = hexToBytes(await sign())
    const payment = paymentOf(bytes, { authorization: { ...authorizationOf(bytes), from: `0x${'9'.repeat(40)}` } })
    expect(codeOf(payment)).toBe(refused)
  })
})

test('an asset that is not taken is refused before its signature is looked at', async () => {
  expect(codeOf(paymentOf(hexToBytes(await sign()), { accepted: { ...echo, asset: PAYEE } }))).toBe(
    'invalid_payment_requirements',
  )
})
test('a Solana payload on an EVM network is refused', () => {
  expect(
    codeOf(paymentOf(new Uint8Array(), { authorization: { kind: 'solana-transaction', wire: new Uint8Array() } })),
  ).toBe('invalid_payload')
})

describe('what is built by hand equals what viem builds', () => {
  test('the EIP-712 digest', () => {
    const byHand = transferDigest(domainSeparator({ ...domain, chainId: 84532n }), authorizationOf(new Uint8Array()))
    expect(`0x${Buffer.from(byHand).toString('hex')}`).toBe(
      hashTypedData({ domain, types: fields, primaryType: 'TransferWithAuthorization', message }),
    )
  })
  test('the calldata', () => {
    const abi = parseAbi([
      'function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
    ])
    const [r, s] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const
    const args = [
      message.from,
      message.to,
      message.value,
      message.validAfter,
      message.validBefore,
      message.nonce,
      28,
      hex(r),
      hex(s),
    ] as const
    expect(transferCalldata(authorizationOf(new Uint8Array()), { r, s, yParity: 1 })).toBe(
      encodeFunctionData({ abi, functionName: 'transferWithAuthorization', args }).toLowerCase(),
    )
  })
  test('the topics and selectors', () => {
    expect(AUTHORIZATION_USED).toBe(toEventSelector('AuthorizationUsed(address,bytes32)'))
    expect(AUTHORIZATION_CANCELED).toBe(toEventSelector('AuthorizationCanceled(address,bytes32)'))
    expect(toFunctionSelector('authorizationState(address,bytes32)')).toBe('0xe94a0102')
  })
})
