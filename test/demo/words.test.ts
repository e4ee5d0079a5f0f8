import { describe, expect, test } from 'vitest'
import { clip, network, short, signed, transaction, usdc } from '../../devnet/demo/words.ts'

describe('amounts as the demo writes them', () => {
  test.each([
    [0n, '0.000'],
    [1n, '0.000001'],
    [34_000n, '0.034'],
    [-17_000n, '-0.017'],
    [1_000_000_000_000n, '1,000,000.000'],
    [999_999_966_000n, '999,999.966'],
    [1_234_567_890n, '1,234.56789'],
  ])('%s atomic units are %s USDC', (amount, text) => {
    expect(usdc(amount)).toBe(text)
  })

  test('a change has its sign', () => {
    expect([signed(34_000n), signed(-34_000n), signed(0n)]).toEqual(['+0.034', '-0.034', '0.000'])
  })
})

describe('what is too long for a line', () => {
  test('is shown by its ends, its beginning, or in part', () => {
    expect(short('0x70997970C51812dc3A010C7d01b50e0d17dc79C8')).toBe('0x7099…dc79C8')
    expect(network('solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1')).toBe('solana:EtWTRA…')
    expect(clip('abcdef', 4)).toBe('abc…')
  })

  test('and what fits stays whole', () => {
    const hash = `0x${'a'.repeat(64)}`
    expect([transaction(hash), network('eip155:84532'), short('abc'), clip('abcd', 4)]).toEqual([
      hash,
      'eip155:84532',
      'abc',
      'abcd',
    ])
  })
})
