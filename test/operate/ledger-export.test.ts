import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { milliseconds } from '../../src/domain/ids.ts'
import { csvCell, formatRows } from '../../src/operate/ledger/format.ts'
import { parseMoment } from '../../src/operate/ledger/period.ts'
import { type LedgerRow, ledgerRows, type RowSource } from '../../src/operate/ledger/rows.ts'
import { keyOf, ledgerOf, PAYER, START, settlementOf, termsOf } from './ledger-entries.ts'

async function rowsOf(entries: RowSource['entries'], more: Partial<RowSource> = {}): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = []
  const source = { entries, termsOf: async () => undefined, symbolOf: () => 'USDC', ...more }
  for await (const row of ledgerRows(source)) rows.push(row)
  return rows
}

describe('rows of the ledger', () => {
  const purchase = () =>
    ledgerOf(
      ['a', { event: 'settling', transaction: '0x1' }],
      ['b', 'settling'],
      ['a', { event: 'settled', settlement: settlementOf('0x1') }],
      ['a', 'delivering'],
      ['a', { event: 'delivered', status: 200 }],
    )

  test('later entries carry the terms, the transaction and the time since the first', async () => {
    const rows = await rowsOf(purchase())
    expect(rows).toHaveLength(5)
    expect(rows[0]).toMatchObject({ event: 'settling', transaction: '0x1', block: null, durationMs: 0 })
    expect(rows[4]).toEqual({
      time: new Date(START + 4_000).toISOString(),
      event: 'delivered',
      payment: keyOf('a'),
      route: 'GET /v2/data',
      version: 'v1',
      network: 'eip155:84532',
      asset: termsOf('a').transfer.asset,
      symbol: 'USDC',
      payer: PAYER,
      payee: termsOf('a').transfer.to,
      amount: '34000',
      transaction: '0x1',
      block: '10',
      status: 200,
      durationMs: 4_000,
      refundTransaction: null,
      refundAmount: null,
      refundBlock: null,
      against: null,
    })
  })

  test('since leaves earlier entries out, but not what they said', async () => {
    const rows = await rowsOf(purchase(), { since: milliseconds(START + 3_000) })
    expect(rows.map(({ event, route, durationMs }) => ({ event, route, durationMs }))).toEqual([
      { event: 'delivering', route: 'GET /v2/data', durationMs: 3_000 },
      { event: 'delivered', route: 'GET /v2/data', durationMs: 4_000 },
    ])
  })

  test('what was served from the credit of another payment moved no money', async () => {
    const [row] = await rowsOf(ledgerOf(['c', { event: 'delivered', against: keyOf('a') }]))
    expect(row).toMatchObject({ amount: '0', against: keyOf('a'), transaction: null, durationMs: 0 })
  })

  test('a refund is told with its transaction, then with its amount', async () => {
    const attempt = { via: 'embedded', transaction: '0xback', raw: '0x', fromBlock: '1' } as const
    const begun = { attempt: { ...attempt, lastValidBlockHeight: undefined } }
    const rows = await rowsOf(
      ledgerOf(
        ['a', { event: 'credited', settlement: settlementOf('0x1') }],
        ['a', { event: 'refunding', refund: begun }],
        ['a', { event: 'refunded', refund: { ...begun, settlement: settlementOf('0xback', { block: '12' }) } }],
      ),
    )
    expect(rows[1]).toMatchObject({ refundTransaction: '0xback', refundAmount: null })
    expect(rows[2]).toMatchObject({ refundTransaction: '0xback', refundAmount: '34000', refundBlock: '12' })
  })

  test('a closed payment is not held in memory: when a reorg opens it again, it is looked up', async () => {
    const asked: string[] = []
    const lookup = async (key: string) => {
      asked.push(key)
      return termsOf('a')
    }
    const reopened = ledgerOf(['a', 'settling'], ['a', 'delivered'], ['a', 'unknown'])
    const rows = await rowsOf(reopened, { termsOf: lookup })
    expect(rows[2]).toMatchObject({ event: 'unknown', route: 'GET /v2/data', durationMs: null })
    expect(asked).toEqual([keyOf('a')])
  })
})

/** Reads one CSV line as RFC 4180 has it. */
function readCsv(text: string): string[] {
  const cells: string[] = []
  for (const [, quoted, plain] of `${text},`.matchAll(/(?:"((?:[^"]|"")*)"|([^",]*)),/gs))
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
  return cells
}

describe('CSV', () => {
  test('begins with a header, ends every line with CRLF, and leaves what is unknown empty', async () => {
    const rows = ledgerRows({
      entries: ledgerOf(['a', 'settling']),
      termsOf: async () => undefined,
      symbolOf: () => undefined,
    })
    let text = ''
    for await (const line of formatRows(rows, 'csv')) text += line
    const [header, line, rest] = text.split('\r\n')
    expect(header).toBe(
      'time,event,payment,route,version,network,asset,symbol,payer,payee,amount,transaction,block,status,durationMs,refundTransaction,refundAmount,refundBlock,against',
    )
    expect(line).toContain(',34000,,,,0,,,,')
    expect(rest).toBe('')
  })

  test.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1', '=cmd|"/c calc"!A1'])('%j is no formula', (text) => {
    expect(readCsv(csvCell(text))).toEqual([`'${text}`])
  })
  test('any other text comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
        const harmless = texts.filter((text) => !/^[=+\-@\t\r]/.test(text))
        fc.pre(harmless.length > 0)
        expect(readCsv(harmless.map(csvCell).join(','))).toEqual(harmless)
      }),
      { numRuns: 500 },
    )
  })
  test('ndjson is one object a line, amounts as strings', async () => {
    const rows = ledgerRows({
      entries: ledgerOf(['a', 'settling'], ['a', 'void']),
      termsOf: async () => undefined,
      symbolOf: () => 'USDC',
    })
    const lines: string[] = []
    for await (const line of formatRows(rows, 'ndjson')) lines.push(line)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'settling', amount: '34000', against: null },
      { event: 'void', symbol: 'USDC' },
    ])
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true)
  })
})

describe('a moment', () => {
  const now = milliseconds(Date.UTC(2026, 0, 31, 12))
  test.each([
    ['90s', now - 90_000],
    ['30m', now - 1_800_000],
    ['24h', now - 86_400_000],
    ['7d', now - 7 * 86_400_000],
    ['2w', now - 14 * 86_400_000],
    ['2026-01-30', Date.UTC(2026, 0, 30)],
    ['2026-01-30T10:00Z', Date.UTC(2026, 0, 30, 10)],
    ['2026-01-30T10:00:00.5+02:00', Date.UTC(2026, 0, 30, 8, 0, 0, 500)],
  ])('%s', (text, at) => expect(parseMoment(text, now)).toBe(at))
  test.each(['', 'yesterday', '24', 'h', '-1h', '1.5h', '2026-01-30T10:00:00', '2026-13-01', '30/01/2026'])(
    '%j is none',
    (text) => expect(parseMoment(text, now)).toBeUndefined(),
  )
})
