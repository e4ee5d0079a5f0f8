import { describe, expect, test } from 'vitest'
import { milliseconds, seconds } from '../../src/domain/ids.ts'
import { readBooks } from '../../src/operate/ledger/books.ts'
import { openPayments } from '../../src/operate/ledger/overdue.ts'
import { BASE_SEPOLIA } from '../support/fixtures.ts'
import { type Line, ledgerOf, START, termsOf } from './ledger-entries.ts'

describe('an open payment is overdue', () => {
  const finality = milliseconds(5_000)
  const END = START + 3_600_000
  const ends = termsOf('a', { transfer: { ...termsOf('a').transfer, endsBy: seconds(END / 1_000) } })
  const overdue = async (lines: readonly Line[], now: number) => {
    const books = await readBooks(ledgerOf(...lines))
    return openPayments(books, new Map([[BASE_SEPOLIA, { finality }]]), milliseconds(now)).map((one) => one.overdue)
  }
  test('when the chain has been final past its end for long', async () => {
    const lines: Line[] = [
      ['a', { event: 'settling', terms: ends }],
      ['b', 'settling'],
      ['b', 'void'],
    ]
    expect(await overdue(lines, END + 10_000)).toEqual([false])
    expect(await overdue(lines, END + 10_001)).toEqual([true])
  })
  test('when its last move was long ago', async () => {
    const lines: Line[] = [
      ['a', 'settling'],
      ['a', { event: 'refunding', at: milliseconds(END) }],
    ]
    expect(await overdue(lines, END + 10_000)).toEqual([false])
    expect(await overdue(lines, END + 10_001)).toEqual([true])
  })
})
