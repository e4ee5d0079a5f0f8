import { parseArgs } from 'node:util'
import { type App, createApp } from '../app.ts'
import { milliseconds } from '../domain/ids.ts'
import { readBooks } from '../operate/ledger/books.ts'
import { type OpenPayment, openPayments } from '../operate/ledger/overdue.ts'
import { StoreUnavailable } from '../ports/store.ts'
import { BadPricing } from '../pricing/load.ts'
import { BadSetting, createLog, openStore, readPricing, readSettings } from '../settings.ts'
import { emptyReport, type ReconcileReport, reconcileOnce } from '../workers/reconcile.ts'
import type { Command } from './command.ts'
import { isMisuse } from './misuse.ts'
import { table, wantsJson } from './output.ts'

const HELP = `usage: farebox reconcile [--json]

Asks the chains about every payment that is due and writes down what they say, until nothing is due. The gateway does the
same by itself all the time; both may run at once.
  --json     print JSON (as does output into a pipe)

Exit code: 0 all is well, 1 a payment is open that should not be any more, or a part does not answer, 2 misused.
`

export const reconcile: Command = {
  summary: 'ask the chains about every payment that is open, and record what they say',
  async run(args) {
    try {
      const { values } = parseArgs({
        args: [...args],
        options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
      })
      if (values.help) {
        process.stdout.write(HELP)
        return 0
      }
      const settings = readSettings(process.env)
      const log = createLog('silent')
      const pricing = readPricing(settings.pricingFile, process.env)
      const app = await createApp({ pricing, openStore: () => openStore(settings, log), log })
      try {
        const done = await reconcileAll(app)
        process.stdout.write(wantsJson(args) ? `${JSON.stringify(done, withoutBigints, 2)}\n` : asTables(done))
        return done.ok ? 0 : 1
      } finally {
        await app.close()
      }
    } catch (error) {
      return explain(error, wantsJson(args))
    }
  },
}

interface Done extends ReconcileReport {
  readonly ok: boolean
  readonly payments: readonly OpenPayment[]
}

/** Passes until one changes nothing: what stays open is due again soon, and would be looked at for ever. */
async function reconcileAll({ parts }: App): Promise<Done> {
  const { store, networks, catalogue } = parts
  const total = emptyReport()
  for (let looked = 1; looked > 0; ) {
    const report = await reconcileOnce(parts, { leaseMs: catalogue.leaseMs })
    for (const outcome of Object.keys(total) as (keyof ReconcileReport)[]) total[outcome] += report[outcome]
    looked = report.looked - report.open
  }
  const payments = openPayments(await readBooks(store.ledger()), networks, milliseconds(Date.now()))
  return { ok: !payments.some(({ overdue }) => overdue), ...total, payments }
}

const withoutBigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

function asTables({ ok: _ok, payments, ...counts }: Done): string {
  const open = payments.map(({ overdue, state, network, asset, amount, payment }) => [
    overdue ? 'OVERDUE' : 'waiting',
    state,
    network,
    asset,
    String(amount),
    payment,
  ])
  return `${table(Object.entries(counts).map(([outcome, count]) => [outcome, String(count)]))}${open.length > 0 ? `\nStill open\n${table(open)}` : ''}`
}

function explain(error: unknown, json: boolean): number {
  if (isMisuse(error)) {
    process.stderr.write(`farebox reconcile: ${error.message}\n\n${HELP}`)
    return 2
  }
  if (!(error instanceof BadSetting || error instanceof BadPricing || error instanceof StoreUnavailable)) throw error
  process.stderr.write(`farebox reconcile: ${error.message}\n`)
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: error.message })}\n`)
  return 1
}
