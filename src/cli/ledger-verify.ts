import { parseArgs } from 'node:util'
import type { Caip2 } from '../domain/ids.ts'
import type { Verification } from '../operate/ledger/verification.ts'
import { verifyLedger } from '../operate/ledger/verify.ts'
import type { Pricing } from '../pricing/schema.ts'
import { createLog, openStore, readPricing, readSettings } from '../settings.ts'
import { openTransfers, soldFor } from './chains.ts'
import { Misused } from './misuse.ts'
import { table, wantsJson } from './output.ts'

/** `farebox ledger verify`. */
export async function verify(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { 'from-block': { type: 'string', multiple: true, default: [] }, json: { type: 'boolean' } },
  })
  const settings = readSettings(process.env)
  const pricing = readPricing(settings.pricingFile, process.env)
  const fromBlocks = new Map(values['from-block'].map((text) => fromBlock(text, pricing)))
  const store = await openStore(settings, createLog('silent'))
  const transfers = openTransfers(pricing)
  try {
    const accounts = soldFor(pricing).map(({ symbol: _symbol, ...account }) => account)
    const verification = await verifyLedger({ ledger: () => store.ledger(), accounts, transfers, fromBlocks })
    process.stdout.write(wantsJson(args) ? asJson(verification) : asTables(verification))
    return verification.ok ? 0 : 1
  } finally {
    await Promise.all([store.close(), ...[...transfers.values()].map((chain) => chain.close())])
  }
}

/** `base=123`: a network by its name in the price list or its CAIP-2 id; where there is one network, the number is enough. */
function fromBlock(text: string, { networks }: Pricing): [Caip2, bigint] {
  const [, named, block = ''] = /^(?:(.+)=)?(\d{1,20})$/.exec(text) ?? []
  const known = Object.entries(networks)
  const [, network] = known.find(([key, { id }]) => (named ? named === key || named === id : known.length === 1)) ?? []
  if (!network || !block)
    throw new Misused(`--from-block is ${known.map(([key]) => `${key}=<block>`).join(' or ')}, not "${text}"`)
  return [network.id as Caip2, BigInt(block)]
}

/** Amounts and blocks are decimal strings: a double holds neither wei nor every slot. */
function asJson(verification: Verification): string {
  return `${JSON.stringify(verification, (_, value) => (typeof value === 'bigint' ? String(value) : value), 2)}\n`
}

function asTables({ ok, sums, differences, pending, other }: Verification): string {
  const cells = (...values: (string | bigint | undefined)[]) => values.map((value) => String(value ?? ''))
  const section = (title: string, rows: string[][]) => (rows.length > 0 ? `\n${title}\n${table(rows)}` : '')
  return [
    table([
      cells('', 'network', 'asset', 'payee', 'ledger', 'chain', 'blocks'),
      ...sums.map(({ network, asset, payee, ledger, chain, fromBlock, toBlock }) =>
        cells(ledger === chain ? 'ok' : 'WRONG', network, asset, payee, ledger, chain, `${fromBlock}-${toBlock}`),
      ),
    ]),
    section(
      'Differences',
      differences.map(({ kind, network, asset, transaction, payment, ledger, chain, what }) =>
        cells(kind, network, asset, ledger ?? chain, transaction ?? payment, what),
      ),
    ),
    section(
      'Pending: the ledger does not know yet how these end',
      pending.map(({ state, network, asset, amount, payment, transaction }) =>
        cells(state, network, asset, amount, payment, transaction && `on chain in ${transaction}`),
      ),
    ),
    section(
      'Other transfers: neither payments nor refunds',
      other.map(({ direction, network, asset, amount, counterparty, transaction }) =>
        cells(direction, network, asset, amount, counterparty, transaction),
      ),
    ),
    ok ? '\nThe ledger equals the chain.\n' : '\nThe ledger does not equal the chain.\n',
  ].join('')
}
