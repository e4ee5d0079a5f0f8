import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { type Milliseconds, milliseconds } from '../domain/ids.ts'
import { FORMATS, formatRows } from '../operate/ledger/format.ts'
import { parseMoment } from '../operate/ledger/period.ts'
import { ledgerRows } from '../operate/ledger/rows.ts'
import { accountId } from '../operate/ledger/verification.ts'
import { BadPricing } from '../pricing/load.ts'
import { BadSetting, createLog, openExistingStore, readPricing, readSettings, type Settings } from '../settings.ts'
import { soldFor } from './chains.ts'
import { Misused } from './misuse.ts'

/** `farebox ledger export`. */
export async function exportLedger(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { since: { type: 'string' }, until: { type: 'string' }, format: { type: 'string', default: 'csv' } },
  })
  const format = FORMATS.find((one) => one === values.format)
  if (!format) throw new Misused(`--format is ${FORMATS.join(' or ')}, not "${values.format}"`)
  const now = milliseconds(Date.now())
  const [since, until] = [moment('since', values.since, now), moment('until', values.until, now)]
  const settings = readSettings(process.env)
  const store = await openExistingStore(settings, createLog('silent'))
  try {
    const rows = ledgerRows({
      entries: store.ledger(undefined, until),
      since,
      termsOf: async (key) => (await store.read(key))?.terms,
      symbolOf: symbols(settings),
    })
    await write(formatRows(rows, format), process.stdout)
  } finally {
    await store.close()
  }
  return 0
}

function moment(option: string, text: string | undefined, now: Milliseconds): Milliseconds | undefined {
  if (text === undefined) return undefined
  const at = parseMoment(text, now)
  if (at === undefined) throw new Misused(`--${option} is a time such as 2026-01-31T12:00:00Z or 24h, not "${text}"`)
  return at
}

/** Symbols are a comfort: a ledger is exported without a price list as well. */
function symbols(settings: Settings): (network: string, asset: string) => string | undefined {
  try {
    const sold = soldFor(readPricing(settings.pricingFile, process.env))
    const known = new Map(sold.map(({ symbol, ...account }) => [accountId({ ...account, payee: '' }), symbol]))
    return (network, asset) => known.get(accountId({ network, asset, payee: '' } as Parameters<typeof accountId>[0]))
  } catch (error) {
    if (error instanceof BadSetting || error instanceof BadPricing) return () => undefined
    throw error
  }
}

/** Writes no faster than it is read; whoever has read enough (`| head`) may go. */
async function write(lines: AsyncIterable<string>, to: Writable): Promise<void> {
  try {
    await pipeline(Readable.from(lines), to, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
