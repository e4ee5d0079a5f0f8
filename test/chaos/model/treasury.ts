import type { Settlement } from '../../../src/domain/settlement.ts'
import type { Treasury } from '../../../src/ports/treasury.ts'
import { NETWORK, PAYEE } from './terms.ts'

const CONFIRMED_AFTER_MS = 2_000
const LAPSES_AFTER_MS = 60_000

/** A transfer back to a payer. */
interface Payout {
  readonly settlement: Settlement
  readonly preparedAt: number
  sentAt: number | undefined
}

/** The operator's wallet, and what has left it. */
export interface SimTreasury {
  treasury(turn: () => Promise<void>): Treasury
  /** Transactions that paid back, by their hash. */
  paid(): ReadonlyMap<string, Settlement>
}

export function simTreasury(now: () => number, id: () => string): SimTreasury {
  const payouts = new Map<string, Payout>()
  const lapsed = ({ preparedAt, sentAt }: Payout) => sentAt === undefined && now() > preparedAt + LAPSES_AFTER_MS
  return {
    paid: () =>
      new Map(
        [...payouts].filter(([, { sentAt }]) => sentAt !== undefined).map(([hash, one]) => [hash, one.settlement]),
      ),
    treasury: (turn) => ({
      network: NETWORK,
      address: PAYEE,
      async prepare(payTo, asset, amount) {
        await turn()
        const transaction = id()
        const settlement = { network: NETWORK, asset, payer: PAYEE, payTo, amount, transaction, block: '0' }
        payouts.set(transaction, { settlement, preparedAt: now(), sentAt: undefined })
        return { via: 'embedded', transaction, raw: transaction, fromBlock: '0', lastValidBlockHeight: undefined }
      },
      async send({ transaction = '' }) {
        await turn()
        const payout = payouts.get(transaction)
        if (payout && !lapsed(payout)) payout.sentAt ??= now()
      },
      async outcome({ transaction = '' }) {
        await turn()
        const payout = payouts.get(transaction)
        if (!payout || lapsed(payout)) return { outcome: 'void' }
        const { sentAt, settlement } = payout
        if (sentAt === undefined || now() < sentAt + CONFIRMED_AFTER_MS) return { outcome: 'unknown' }
        return { outcome: 'settled', settlement }
      },
      close: async () => undefined,
    }),
  }
}
