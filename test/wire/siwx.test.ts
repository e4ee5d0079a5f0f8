import { Keypair } from '@solana/web3.js'
import {
  type CompleteSIWxInfo,
  createSIWxMessage,
  createSIWxPayload,
  encodeSIWxHeader,
} from '@x402/extensions/sign-in-with-x'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { evmWallets } from '../../src/adapters/evm/wallets.ts'
import { solanaWallets } from '../../src/adapters/solana/wallets.ts'
import { readSignIn, signInChallenge, signInMessage } from '../../src/wire/siwx.ts'
import { encode } from '../support/evm-payment.ts'
import { BASE_SEPOLIA, SOLANA_DEVNET } from '../support/fixtures.ts'
import { solanaWallet } from '../support/wallets.ts'

const ORIGIN = 'https://api.example.com'
const URI = `${ORIGIN}/payments/eip155%3A84532%3Aa`
const info = {
  domain: 'api.example.com',
  uri: URI,
  version: '1' as const,
  nonce: '0123456789abcdef',
  issuedAt: '2026-01-02T03:04:05.678Z',
}
const account = privateKeyToAccount(generatePrivateKey())
const solana = solanaWallet(Keypair.generate().secretKey)

const signers = {
  evm: { signer: account, wallets: evmWallets, chain: { chainId: BASE_SEPOLIA, type: 'eip191' } },
  solana: { signer: solana, wallets: solanaWallets, chain: { chainId: SOLANA_DEVNET, type: 'ed25519' } },
} as const

describe.each(['evm', 'solana'] as const)('a sign-in by the published client, %s', (kind) => {
  const { signer, wallets, chain } = signers[kind]
  test.each([
    ['with nothing optional', {}],
    ['with a statement', { statement: 'Ask what became of a payment' }],
    [
      'with every field',
      {
        statement: 'Hello',
        expirationTime: '2026-01-02T03:09:05.678Z',
        notBefore: info.issuedAt,
        requestId: 'r-1',
        resources: [URI, `${ORIGIN}/other`],
      },
    ],
  ])('%s says the same text, and its signature holds for its wallet alone', async (_, more) => {
    const complete: CompleteSIWxInfo = { ...info, ...more, ...chain }
    const signIn = readSignIn(encodeSIWxHeader(await createSIWxPayload(complete, signer, ORIGIN)))
    if (!signIn) throw new Error('the header was not read')
    const address = wallets.address(signIn.address)
    if (!address) throw new Error('the address was not read')
    const text = signInMessage(signIn, address)
    expect(text).toBe(createSIWxMessage(complete, signIn.address))
    expect(wallets.signed(address, text, signIn.signature)).toBe(true)
    expect(wallets.signed(address, `${text} `, signIn.signature)).toBe(false)
    const stranger =
      kind === 'evm' ? privateKeyToAccount(generatePrivateKey()) : solanaWallet(Keypair.generate().secretKey)
    expect(wallets.signed(String(stranger.address), text, signIn.signature)).toBe(false)
  })
})

test('an address in lower case is signed for as EIP-55 writes it', () => {
  expect(evmWallets.address(account.address.toLowerCase())).toBe(account.address)
  const lower = { ...info, ...signers.evm.chain, address: account.address.toLowerCase(), signature: '0x00' }
  const checksummed = evmWallets.address(lower.address) ?? ''
  expect(signInMessage(lower, checksummed)).toBe(createSIWxMessage(lower, lower.address))
})

test.each([
  ['', 'nothing'],
  ['0x', 'no signature'],
  [`0x${'00'.repeat(65)}`, 'zeros'],
  [`0x${'ff'.repeat(65)}`, 'bytes out of range'],
  ['1'.repeat(64), 'base58'],
])('%s is nobody’s signature (%s)', (signature) => {
  expect(evmWallets.signed(account.address, 'text', signature)).toBe(false)
  expect(solanaWallets.signed(String(solana.address), 'text', signature)).toBe(false)
})
test.each(['', '0x12', 'O0Il', '1', 'z'.repeat(60), '11111111111111111111111111111111x'])(
  '%s is no address',
  (text) => {
    expect(evmWallets.address(text)).toBeUndefined()
    expect(solanaWallets.address(text)).toBeUndefined()
  },
)

describe('a header that is no sign-in', () => {
  const fields = { ...info, ...signers.evm.chain, address: account.address, signature: '0x00' }
  test('is read where it is one', () => expect(readSignIn(encode(fields))).toEqual(fields))
  test.each([
    ['not base64', '%%%'],
    ['not UTF-8', Buffer.from([0xff, 0xfe]).toString('base64')],
    ['not JSON', encode('nonsense')],
    ['a list', encode('[]')],
    [
      'too long',
      encode({ ...fields, statement: 'x'.repeat(1_000), resources: Array(16).fill(`${ORIGIN}/${'x'.repeat(900)}`) }),
    ],
    ['a field twice', encode(JSON.stringify(fields).replace('{', '{"Domain":"evil.example",'))],
    ['a line break in a field', encode({ ...fields, statement: `hello\n\nURI: ${ORIGIN}` })],
    ['another line break in a resource', encode({ ...fields, resources: [`${ORIGIN}\u2028x`] })],
    ['no resources in a list', encode({ ...fields, resources: [] })],
    ['an empty statement', encode({ ...fields, statement: '' })],
    ['another version', encode({ ...fields, version: '2' })],
    ['a time in words', encode({ ...fields, issuedAt: 'yesterday' })],
    ['a time without a zone', encode({ ...fields, issuedAt: '2026-01-02T03:04:05' })],
    ['a short nonce', encode({ ...fields, nonce: 'abc' })],
    ...Object.keys(fields).map((name): [string, string] => [
      `without ${name}`,
      encode({ ...fields, [name]: undefined }),
    ]),
  ])('%s', (_, header) => expect(readSignIn(header)).toBeUndefined())
})

test('a challenge holds what the extension’s servers declare', () => {
  const issuedAt = new Date('2026-01-02T03:04:05Z')
  const made = signInChallenge({
    origin: 'http://127.0.0.1:4020',
    uri: URI,
    network: SOLANA_DEVNET,
    statement: 'Why',
    nonce: 'abcdefgh',
    issuedAt,
    lifeSeconds: 300,
  })
  expect(made).toMatchObject({
    'sign-in-with-x': {
      info: {
        domain: '127.0.0.1:4020',
        uri: URI,
        statement: 'Why',
        version: '1',
        nonce: 'abcdefgh',
        issuedAt: '2026-01-02T03:04:05.000Z',
        expirationTime: '2026-01-02T03:09:05.000Z',
        resources: [URI],
      },
      supportedChains: [{ chainId: SOLANA_DEVNET, type: 'ed25519' }],
      schema: {
        type: 'object',
        required: expect.arrayContaining(['domain', 'address', 'uri', 'nonce', 'issuedAt', 'signature']),
      },
    },
  })
})
