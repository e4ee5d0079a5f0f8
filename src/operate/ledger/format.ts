import type { LedgerRow } from './rows.ts'

export const FORMATS = ['csv', 'ndjson'] as const
export type Format = (typeof FORMATS)[number]

const COLUMNS = [
  'time',
  'event',
  'payment',
  'route',
  'version',
  'network',
  'asset',
  'symbol',
  'payer',
  'payee',
  'amount',
  'transaction',
  'block',
  'status',
  'durationMs',
  'refundTransaction',
  'refundAmount',
  'refundBlock',
  'against',
] as const satisfies readonly (keyof LedgerRow)[]

/** Rows as text, a line each: CSV with a header (RFC 4180), or JSON. */
export async function* formatRows(rows: AsyncIterable<LedgerRow>, format: Format): AsyncIterable<string> {
  if (format === 'csv') yield csvLine(COLUMNS)
  for await (const row of rows)
    yield format === 'csv' ? csvLine(COLUMNS.map((column) => row[column])) : `${JSON.stringify(row)}\n`
}

function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/

/**
 * One cell (RFC 4180, rules 5 to 7). Text that a spreadsheet would run as a formula gets an apostrophe before it, which
 * spreadsheets take for "this is text".
 */
export function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const harmless = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
