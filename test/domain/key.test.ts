import { describe, expect, test } from 'vitest'
import { grantKey, readKey } from '../../src/domain/key.ts'
import { BASE_SEPOLIA, SOLANA_DEVNET, SOLANA_PAYEE, USDC } from '../support/fixtures.ts'

const PAYER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const NONCE = `0x${'Ab'.repeat(32)}`
const HASH = 'cd'.repeat(32)

describe('a key is read for its network and its payer', () => {
  test('of a payment on Base, in any case of its digits', () => {
    const key = `${BASE_SEPOLIA}:${USDC}:${PAYER}:${NONCE}`
    const read = { key: key.toLowerCase(), network: BASE_SEPOLIA, owner: PAYER.toLowerCase() }
    expect(readKey(key)).toEqual(read)
    expect(readKey(key.toLowerCase())).toEqual(read)
  })
  test('of a payment on Solana, letter by letter', () => {
    const key = `${SOLANA_DEVNET}:${SOLANA_PAYEE}:${HASH}`
    expect(readKey(key)).toEqual({ key, network: SOLANA_DEVNET, owner: SOLANA_PAYEE })
  })
  test.each([
    [BASE_SEPOLIA, PAYER, PAYER.toLowerCase()],
    [SOLANA_DEVNET, SOLANA_PAYEE, SOLANA_PAYEE],
  ])('of a grant on %s', (network, payer, owner) => {
    const key = grantKey(network, payer, 'abc123')
    expect(readKey(key)).toEqual({ key, network, owner })
  })
})

test.each([
  '',
  'eip155:84532',
  `eip155:84532:${PAYER}`,
  `cosmos:hub:${PAYER}:${NONCE}`,
  `eip155:84532:a:b:c:d`,
  `eip155:84532:${USDC}:${PAYER}:${NONCE} `,
  `eip155:84532:${USDC}:${PAYER}:../x`,
  `eip155:84532:${USDC}::${NONCE}`,
])('%j is no key', (text) => expect(readKey(text)).toBeUndefined())
