import { parseArgs } from 'node:util'
import { formatUnits } from '../domain/money.ts'
import type { Offer } from '../domain/quote.ts'
import { MAX_DELIVERY_TRIES } from '../domain/record.ts'
import type { Store } from '../ports/store.ts'
import { buildCatalogue } from '../pricing/catalogue.ts'
import { createLog, openExistingStore, readPricing, readSettings } from '../settings.ts'
import { table, wantsJson } from './output.ts'

type Credit = Awaited<ReturnType<Store['credits']>>[number]

/** `farebox credits list`. */
export async function listCredits(args: readonly string[]): Promise<number> {
  parseArgs({ args: [...args], options: { json: { type: 'boolean' } } })
  const settings = readSettings(process.env)
  const { routes } = buildCatalogue(readPricing(settings.pricingFile, process.env))
  const offers = [...routes.values()].flatMap((methods) => [...methods.values()].flatMap(({ prices }) => prices))
  const store = await openExistingStore(settings, createLog('silent'))
  try {
    const credits = await store.credits()
    process.stdout.write(wantsJson(args) ? asJson(credits) : asTable(credits, offers))
    return 0
  } finally {
    await store.close()
  }
}

function asJson(credits: readonly Credit[]): string {
  return `${JSON.stringify(credits.map(entryOf), null, 2)}\n`
}

function entryOf({ key, terms, settlement, tries = 0 }: Credit) {
  const { network, asset, to } = terms.transfer
  return {
    payment: key,
    payer: terms.payer,
    route: terms.route,
    request: terms.request,
    network,
    asset,
    // What was paid: nothing for a present.
    amount: (settlement?.amount ?? 0n).toString(),
    payTo: to,
    tries,
    triesLeft: Math.max(0, MAX_DELIVERY_TRIES - tries),
    transaction: settlement?.transaction || null,
  }
}

function asTable(credits: readonly Credit[], offers: readonly Offer[]): string {
  if (credits.length === 0) return 'There are no open credits.\n'
  const head = ['payment', 'payer', 'route', 'paid', 'tries', 'transaction']
  const rows = credits.map((credit) => {
    const { payment, payer, route, network, asset, amount, tries, transaction } = entryOf(credit)
    const offer = offers.find((one) => one.network === network && one.asset === asset)
    const paid = offer ? `${formatUnits(BigInt(amount), offer.decimals)} ${offer.symbol}` : `${amount} of ${asset}`
    return [payment, payer, route, paid, `${tries} of ${MAX_DELIVERY_TRIES}`, transaction ?? 'a present']
  })
  return table([head, ...rows])
}
