import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { evmWallets } from '../adapters/evm/wallets.ts'
import { solanaWallets } from '../adapters/solana/wallets.ts'
import type { Catalogue } from '../domain/catalogue.ts'
import { isSolana } from '../domain/chains.ts'
import { type Caip2, seconds } from '../domain/ids.ts'
import { readKey } from '../domain/key.ts'
import { problems } from '../domain/problems.ts'
import { isRefusal } from '../domain/refusal.ts'
import { type GrantOrder, type GrantOutcome, grantCredit, renewTries } from '../operate/grant.ts'
import { buildCatalogue } from '../pricing/catalogue.ts'
import type { Pricing } from '../pricing/schema.ts'
import { createLog, openStore, readPricing, readSettings } from '../settings.ts'
import { openTransfers } from './chains.ts'
import { Misused } from './misuse.ts'
import { wantsJson } from './output.ts'
import { Refused } from './refused.ts'
import { readRequest } from './request.ts'
import { signedOn } from './signed.ts'

const OPTIONS = {
  key: { type: 'string' },
  payer: { type: 'string' },
  network: { type: 'string' },
  request: { type: 'string' },
  'body-file': { type: 'string' },
  transaction: { type: 'string' },
  json: { type: 'boolean' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

/** `farebox credits grant`. */
export async function grant(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const settings = readSettings(process.env)
  const pricing = readPricing(settings.pricingFile, process.env)
  const catalogue = buildCatalogue(pricing)
  const { key: text, ...others } = values
  const key = text === undefined ? undefined : readKey(text)?.key
  if (text !== undefined && !key) throw new Misused(`"${text}" is no payment key; farebox credits list shows them`)
  if (key && Object.keys(others).some((name) => name !== 'json')) throw new Misused('--key stands alone')
  const order = key ? undefined : await orderOf(values, pricing, catalogue)
  const store = await openStore(settings, createLog('silent'))
  const transfers = openTransfers(pricing)
  try {
    const clock = { now: () => seconds(Math.floor(Date.now() / 1_000)) }
    const outcome = key
      ? await renewTries(store, key)
      : await grantCredit({ store, catalogue, transfers, clock, signed: signedOn(pricing) }, order as GrantOrder)
    process.stdout.write(report(outcome, wantsJson(args)))
    return 0
  } finally {
    await Promise.all([store.close(), ...[...transfers.values()].map((chain) => chain.close())])
  }
}

/** @throws Misused, Refused */
async function orderOf(values: Values, { networks }: Pricing, catalogue: Catalogue): Promise<GrantOrder> {
  const { payer: address, network: named, request: text, 'body-file': file, transaction } = values
  if (!address || !named || !text) throw new Misused('--key, or --payer, --network and --request')
  const [, config] = Object.entries(networks).find(([key, { id }]) => named === key || named === id) ?? []
  if (!config) throw new Misused(`there is no network "${named}" in the price list`)
  const network = config.id as Caip2
  const payer = (isSolana(network) ? solanaWallets : evmWallets).address(address)
  if (payer === undefined) throw new Misused(`"${address}" is no address on ${network}`)
  const read = await readRequest(text, file === undefined ? new Uint8Array() : readBody(file), catalogue)
  if (isRefusal(read))
    throw new Refused(`the gateway would refuse ${text}: ${read.detail ?? `${problems[read.refused].title}.`}`)
  return { network, payer, route: read.route, request: read.priced.fingerprint, transaction }
}

/** @throws Misused */
function readBody(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Misused(`--body-file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`)
  }
}

/** @throws Refused */
function report(outcome: GrantOutcome, json: boolean): string {
  switch (outcome.outcome) {
    case 'granted': {
      const { key, terms, settlement } = outcome.grant
      const { amount, transaction } = settlement
      const done = {
        granted: key,
        payer: terms.payer,
        route: terms.route,
        amount: amount.toString(),
        transaction: transaction || null,
      }
      const why = transaction ? `paid for by ${transaction}` : 'as a present'
      return json ? asJson(done) : `Granted ${key}: ${terms.payer} gets one ${terms.route}, ${why}.\n`
    }
    case 'renewed':
      return json ? asJson({ renewed: outcome.key }) : `Renewed ${outcome.key}: it has all its tries again.\n`
    case 'not-sold':
      throw new Refused('the route is not sold on that network: name one that it has a price on')
    case 'no-transfer':
      throw new Refused(
        'the chain does not show that the transaction paid us for that payer: check --transaction, --payer and --network',
      )
    case 'known':
      throw new Refused(`${outcome.key} stands for it already and is ${outcome.state}: nothing is granted twice`)
    case 'not-open':
      throw new Refused(
        outcome.state === 'credited'
          ? 'the credit is being redeemed right now: try again when that has ended'
          : `there is no open credit under that key${outcome.state ? `, the payment is ${outcome.state}` : ': name --payer, --network, --request and --transaction'}`,
      )
  }
}

const asJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`
