import type { KeyParts } from '../domain/key.ts'
import type { IdentifiedPayment } from '../domain/payment.ts'
import { isExhausted, type PaymentRecord, type PaymentState, type Refund } from '../domain/record.ts'
import type { LookupOutcome } from '../domain/settlement.ts'

/** What a payer is told of a payment. Nothing in it says what was bought: a payment once mined can be read by anybody. */
export interface PaymentStatus {
  readonly payment: string
  /** A state of domain/record.ts; or `unrecorded` (spent, and not known here) and `unspent` (neither known nor spent). */
  readonly state: PaymentState | 'unrecorded' | 'unspent'
  /** Whether this payment moved the payer's money; money paid back was charged, see `refund`. */
  readonly charged: boolean | 'unknown'
  /** Whether a response is still due for it, or the money back. */
  readonly owed: boolean
  /** What settled it, or was sent to settle it. */
  readonly transaction: string | null
  readonly network: string
  readonly asset: string
  /** In atomic units. */
  readonly amount: string
  readonly payTo: string
  readonly payer: string
  /** How often the call was tried. */
  readonly tries: number
  /** The payment whose credit served this one's call; this one was then never sent. */
  readonly against: string | null
  readonly refund: { readonly transaction: string | null; readonly state: 'sent' | 'settled' } | null
  readonly hint: string
}

/** What the record of a payment says to its payer. */
export function statusOf({ key }: KeyParts, record: PaymentRecord): PaymentStatus {
  const { state, terms, settlement, attempt, against, tries = 0, refund } = record
  const { network, asset, amount, to } = terms.transfer
  return {
    payment: key,
    state,
    charged: isCharged(record),
    owed: DUE.includes(state),
    transaction: against === undefined ? (settlement?.transaction ?? attempt?.transaction ?? null) : null,
    network,
    asset,
    amount: amount.toString(),
    payTo: to,
    payer: terms.payer,
    tries,
    against: against ?? null,
    // A transfer back that came to nothing is of no use to the payer.
    refund: refund && (state === 'refunding' || state === 'refunded') ? refundOf(refund) : null,
    hint: hintOf(record),
  }
}

const DUE: readonly PaymentState[] = ['settled', 'delivering', 'credited', 'refunding']

function isCharged({ state, settlement, reverted, against }: PaymentRecord): boolean | 'unknown' {
  if (against !== undefined) return false
  if (state === 'void') return false
  // A reorg takes back what was learnt.
  if (state === 'settling' || state === 'unknown') return reverted ? false : 'unknown'
  return settlement !== undefined && settlement.amount > 0n
}

function refundOf({ attempt, settlement }: Refund): PaymentStatus['refund'] {
  return {
    transaction: settlement?.transaction ?? attempt.transaction ?? null,
    state: settlement ? 'settled' : 'sent',
  }
}

const WAIT = 'Ask again in a few seconds; do not sign a new payment meanwhile.'
const CALL_AGAIN = 'Send the same request again, with this payment or a new one: it will be answered and not charged.'

function hintOf(record: PaymentRecord): string {
  switch (record.state) {
    case 'claimed':
      return `The payment is being processed. ${WAIT}`
    case 'settling':
    case 'unknown':
      if (record.reverted) return 'The transaction was mined and moved nothing. Sign a new payment for a fresh quote.'
      return `Whether it was settled is being asked of the chain. ${WAIT}`
    case 'settled':
    case 'delivering':
      return `It is settled and being served. If no response comes: ${CALL_AGAIN}`
    case 'credited':
      return isExhausted(record)
        ? 'The call failed too often. Ask the operator for a refund, naming the transaction.'
        : CALL_AGAIN
    case 'delivered':
      return record.against === undefined
        ? 'It was charged and served; nothing is due.'
        : 'It was not charged: the payment named in `against` paid for the call.'
    case 'refunding':
      return 'The operator is paying it back; ask again later.'
    case 'refunded':
      return 'It was paid back by the transaction in `refund`.'
    case 'void':
      return 'It was never charged and cannot be any more.'
  }
}

/** What the chain says of a payment that the store does not know. */
export function statusOnChain({ key }: KeyParts, payment: IdentifiedPayment, found: LookupOutcome): PaymentStatus {
  const { network, asset, amount, to } = payment.transfer
  return {
    payment: key,
    ...UNRECORDED[found.outcome],
    owed: false,
    transaction: found.outcome === 'settled' ? found.settlement.transaction : null,
    network,
    asset,
    amount: amount.toString(),
    payTo: to,
    payer: payment.payer,
    tries: 0,
    against: null,
    refund: null,
  }
}

const UNRECORDED: Readonly<Record<LookupOutcome['outcome'], Pick<PaymentStatus, 'state' | 'charged' | 'hint'>>> = {
  settled: {
    state: 'unrecorded',
    charged: true,
    hint: 'It was spent and there is no record of it here. Ask the operator for a credit, naming the transaction.',
  },
  void: { state: 'void', charged: false, hint: 'It was never charged and cannot be any more.' },
  unspent: {
    state: 'unspent',
    charged: false,
    hint: 'It was not charged. Send it with your request, or let it lapse.',
  },
  unknown: { state: 'unknown', charged: 'unknown', hint: `The chain could not be asked. ${WAIT}` },
}
