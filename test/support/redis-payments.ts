import {
  atomicUnits,
  type Caip2,
  type FencingToken,
  type Fingerprint,
  milliseconds,
  type PaymentKey,
  seconds,
} from '../../src/domain/ids.ts'
import type { ClaimResult, NewClaim } from '../../src/domain/record.ts'
import type { Attempt, Settlement } from '../../src/domain/settlement.ts'

export const LEASE = milliseconds(5_000)
const NETWORK = 'eip155:84532' as Caip2

export const ATTEMPT: Attempt = {
  via: 'embedded',
  transaction: '0xhash',
  raw: '0xraw',
  fromBlock: '7',
  lastValidBlockHeight: undefined,
}

export const SETTLEMENT: Settlement = {
  network: NETWORK,
  asset: '0xasset',
  payer: '0xpayer',
  payTo: '0xpayee',
  amount: atomicUnits(34_000n),
  transaction: '0xhash',
}

let serial = 0

/** A payment nobody has seen; each by a payer of its own, so that they spread over the slots. */
export function newClaim(): NewClaim {
  const payer = `0xpayer${process.pid}-${++serial}`
  const nonce = `0xnonce${serial}`
  return {
    key: `${NETWORK}:0xasset:${payer}:${nonce}` as PaymentKey,
    forgetAfter: seconds(Math.floor(Date.now() / 1_000) + 600),
    terms: {
      version: 'v1',
      route: 'GET /v2/status',
      request: 'a request' as Fingerprint,
      signed: `all of ${nonce}`,
      payer,
      transfer: {
        kind: 'eip3009',
        network: NETWORK,
        asset: '0xasset',
        from: payer,
        to: '0xpayee',
        amount: atomicUnits(34_000n),
        nonce,
        window: { validAfter: 0n, validBefore: 2n ** 70n },
        endsBy: seconds(2_000_000_000),
      },
    },
  }
}

export function tokenOf(result: ClaimResult): FencingToken {
  if (!('token' in result)) throw new Error(`expected a token, got ${result.outcome}`)
  return result.token
}
