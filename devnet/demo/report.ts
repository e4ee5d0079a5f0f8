import { deltasOf, faultsOf, faultsOfReplay, type Outcome } from './purchase.ts'

/** What `--json` prints; amounts are decimal strings of atomic units. */
export interface Report {
  readonly ok: boolean
  readonly payments: readonly {
    readonly client: string
    readonly protocol: 'v1' | 'v2'
    /** CAIP-2. */
    readonly network: string
    readonly asset: string
    readonly amount: string
    readonly transaction: string
    readonly status: number
    readonly payerDelta: string
    readonly payeeDelta: string
  }[]
  readonly replays: readonly { readonly network: string; readonly status: number; readonly code: string }[]
}

/** @param complete whether everybody who was to buy did */
export function report(outcomes: readonly Outcome[], complete: boolean): { report: Report; faults: string[] } {
  const faults = outcomes.flatMap(({ purchase, replay }) => [...faultsOf(purchase), ...faultsOfReplay(replay)])
  const payments = outcomes.map(({ purchase }) => {
    const { payer, amount, answer } = purchase
    const { client, protocol, network, asset } = payer
    const delta = deltasOf(purchase)
    return {
      client,
      protocol,
      network,
      asset,
      amount: amount.toString(),
      transaction: answer.receipt?.transaction ?? '',
      status: answer.status,
      payerDelta: delta.payer.toString(),
      payeeDelta: delta.payee.toString(),
    }
  })
  const replays = outcomes.map(({ replay: { payer, status, code } }) => {
    return { network: payer.network, status, code: code ?? '' }
  })
  return { report: { ok: complete && faults.length === 0, payments, replays }, faults }
}
