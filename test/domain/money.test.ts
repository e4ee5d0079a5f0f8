import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Decimal, formatUnits, parseDecimal, parseUsd, usdToAtomic } from '../../src/domain/money.ts'

const usd = (text: string) => parseUsd(text) as Decimal
const decimal = (text: string) => parseDecimal(text) as Decimal

describe('dollars to atomic units', () => {
  test.each([
    ['$0.034', '1', 6, 34_000n],
    ['$0.017', '1', 6, 17_000n],
    ['$0.068', '0.0005', 18, 136_000_000_000_000_000_000n],
    ['$0.000001', '1', 6, 1n],
    ['$0.0000001', '1', 6, 1n],
    ['$0.01', '3', 6, 3_334n],
    ['$1', '1', 0, 1n],
    ['$0.5', '1', 0, 1n],
    ['$1000000', '1', 18, 10n ** 24n],
  ])('%s at $%s a token of %s decimals is %s', (price, perToken, decimals, amount) =>
    expect(usdToAtomic(usd(price), decimal(perToken), decimals)).toBe(amount),
  )

  test('is never 0, never below the exact price and less than one unit above it', () => {
    const positive = fc
      .tuple(fc.bigInt({ min: 1n, max: 10n ** 24n }), fc.integer({ min: 0, max: 18 }))
      .map(([digits, scale]) => ({ digits, scale }))
    fc.assert(
      fc.property(positive, positive, fc.integer({ min: 0, max: 18 }), (price, perToken, decimals) => {
        const amount = usdToAtomic(price, perToken, decimals)
        // amount × perToken ≥ price × 10^decimals > (amount − 1) × perToken, with both sides brought to one scale
        const paid = (units: bigint) => units * perToken.digits * 10n ** BigInt(price.scale)
        const due = price.digits * 10n ** BigInt(decimals + perToken.scale)
        expect(amount).toBeGreaterThan(0n)
        expect(paid(amount)).toBeGreaterThanOrEqual(due)
        expect(paid(amount - 1n)).toBeLessThan(due)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a price', () => {
  test.each(['0.034', '$', '$1,000', '$1e-7', '$-1', '$.5', '$01', '$1.', '$ 1', '$0x1', '$1 ', '$٣'])(
    '%j is none',
    (text) => expect(parseUsd(text)).toBeUndefined(),
  )
})

test.each([
  [34_000n, 6, '0.034'],
  [1n, 18, '0.000000000000000001'],
  [10n ** 18n, 18, '1'],
  [5n, 0, '5'],
])('%s units of %s decimals read as %s', (amount, decimals, text) => expect(formatUnits(amount, decimals)).toBe(text))
