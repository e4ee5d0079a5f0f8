import { parseArgs } from 'node:util'
import { readKey } from '../domain/key.ts'
import { type RefundOutcome, refund } from '../operate/refund.ts'
import { createLog, openExistingStore, readPricing, readSettings } from '../settings.ts'
import { Misused } from './misuse.ts'
import { wantsJson } from './output.ts'
import { Refused } from './refused.ts'
import { openTreasury } from './treasury.ts'

/** `farebox credits refund`. */
export async function refundCredit(args: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean' } },
    allowPositionals: true,
  })
  const [text = '', more] = positionals
  const asked = readKey(text)
  if (!asked || more !== undefined) throw new Misused('refund takes one payment key; farebox credits list shows them')
  const settings = readSettings(process.env)
  const treasury = openTreasury(readPricing(settings.pricingFile, process.env), asked.network)
  if (typeof treasury === 'string') throw new Refused(treasury)
  try {
    const store = await openExistingStore(settings, createLog('silent'))
    try {
      process.stdout.write(report(asked.key, await refund(store, treasury, asked.key), wantsJson(args)))
      return 0
    } finally {
      await store.close()
    }
  } finally {
    await treasury.close()
  }
}

/** @throws Refused */
function report(key: string, outcome: RefundOutcome, json: boolean): string {
  switch (outcome.outcome) {
    case 'refunded': {
      const { payTo, amount, asset, network, transaction } = outcome.settlement
      const done = { refunded: key, payTo, amount: amount.toString(), asset, network, transaction }
      if (json) return `${JSON.stringify(done, null, 2)}\n`
      return `Refunded ${key}: ${amount} of ${asset} went to ${payTo} on ${network}, in ${transaction}.\n`
    }
    case 'pending':
      throw new Refused(
        `${outcome.transaction} was sent and is not on chain yet: run the same command again, it pays once`,
      )
    case 'failed':
      throw new Refused(`${outcome.transaction} can never land, and nothing was paid: the credit is open again`)
    case 'busy':
      throw new Refused('somebody works on the payment right now: try again when that has ended')
    case 'not-owed':
      throw new Refused(
        outcome.state === undefined
          ? 'there is no such payment; farebox credits list shows the open credits'
          : outcome.state === 'credited'
            ? 'it is a present: nothing was paid for it'
            : `the payment is ${outcome.state}: nothing is owed for it`,
      )
  }
}
