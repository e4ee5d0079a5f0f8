import { atomicUnits, type Caip2, type PaymentKey, seconds } from '../../domain/ids.ts'
import type { IdentifiedPayment } from '../../domain/payment.ts'
import type { ProblemCode } from '../../domain/problems.ts'
import { refuse } from '../../domain/refusal.ts'
import type { Attempt, LookupOutcome, Settlement } from '../../domain/settlement.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Finding, Network } from '../../ports/network.ts'
import { answered, type Rpc, RpcError } from '../rpc.ts'
import { type SponsorCaps, sponsorGuards } from './guards.ts'
import { associatedTokenAccount, TOKEN_PROGRAMS } from './programs.ts'
import {
  height as heightShape,
  maybeAccount,
  maybeTransaction,
  type SignatureStatus,
  signatures,
  simulation,
  text,
} from './shapes.ts'
import { readTransaction } from './transaction.ts'

export interface SolanaMint {
  readonly mint: string
  readonly decimals: number
}

export interface SolanaNetworkOptions {
  readonly id: Caip2
  readonly rpc: Rpc
  readonly payTo: string
  readonly mints: readonly SolanaMint[]
  readonly caps: SponsorCaps
  readonly clock: Clock
}

/** A blockhash lives for 151 blocks: a minute at the usual 400 ms, seldom more than two. */
const BLOCKHASH_LIFE_SECONDS = 180
const BLOCKHASH_LIFE_BLOCKS = 151
const INVALID_PARAMS = -32_602
/** The most that getSignaturesForAddress gives at once. */
const SIGNATURES_LOOKED_AT = 1_000

/** A Solana cluster, seen through our own node. */
export async function solanaNetwork({ id, rpc, payTo, mints, caps, clock }: SolanaNetworkOptions): Promise<Network> {
  const payees = new Map<string, string>()
  for (const { mint } of mints) {
    for (const program of TOKEN_PROGRAMS)
      payees.set(`${program}:${mint}`, await associatedTokenAccount(payTo, mint, program))
  }

  return {
    id,
    identify(payment) {
      const transaction =
        payment.authorization.kind === 'solana-transaction' ? readTransaction(payment.authorization.wire) : undefined
      if (!transaction) return refuse('invalid_exact_svm_payload_transaction_could_not_be_decoded')
      const failed = sponsorGuards.find((guard) => !guard.holds(transaction, caps))
      if (failed) return refuse(failed.code)
      const [transfer] = transaction.transfers
      const [feePayer] = transaction.signers
      if (!transfer || !feePayer) return refuse('invalid_exact_svm_payload_no_transfer_instruction')
      const { mint, owner, amount, program, destination } = transfer
      // What goes to the payee's associated account goes to the payee; anything else goes to a stranger.
      const to = payees.get(`${program}:${mint}`) === destination ? payTo : destination
      return {
        payment,
        // The message is what was signed: the slots around it may hold anything (threats T2).
        key: `${id}:${owner}:${transaction.messageHash}` as PaymentKey,
        signed: transaction.messageHash,
        payer: owner,
        transfer: {
          network: id,
          asset: mint,
          from: owner,
          to,
          amount: atomicUnits(amount),
          window: undefined,
          endsBy: seconds(clock.now() + BLOCKHASH_LIFE_SECONDS),
        },
        sponsored: {
          feePayer,
          computeUnitLimit: transaction.computeUnitLimits[0] ?? 0,
          computeUnitPriceMicroLamports: transaction.computeUnitPrices[0] ?? 0n,
          signatures: transaction.signers.length,
        },
      }
    },

    preflight: (payment) =>
      answered(() =>
        simulate(rpc, payment).catch((error: unknown) => {
          // The node cannot make a transaction of the bytes.
          if (error instanceof RpcError && error.code === INVALID_PARAMS)
            return 'invalid_exact_svm_payload_transaction_could_not_be_decoded'
          throw error
        }),
      ),

    position: () =>
      answered(async () => {
        const height = await rpc.call('getBlockHeight', [{ commitment: 'confirmed' }], heightShape)
        return { fromBlock: undefined, lastValidBlockHeight: String(height + BLOCKHASH_LIFE_BLOCKS) }
      }),

    lookup: (payment, attempt, hint) => answered(() => lookup(rpc, payment, attempt, hint)),
    inspect: () => inspect(rpc, id, mints, payees),
  }
}

/** True once a transaction is confirmed or more. */
export function isConfirmed({ confirmationStatus }: SignatureStatus): boolean {
  return confirmationStatus === 'confirmed' || confirmationStatus === 'finalized'
}

export function settlementOf({ transfer }: IdentifiedPayment, transaction: string): Settlement {
  const { network, asset, from, to, amount } = transfer
  return { network, asset, payer: from, payTo: to, amount, transaction }
}

/** Runs the transaction without the fee payer's signature, which is ours or a facilitator's to give. */
async function simulate(rpc: Rpc, { payment }: IdentifiedPayment): Promise<ProblemCode | undefined> {
  if (payment.authorization.kind !== 'solana-transaction') return 'invalid_payload'
  const wire = Buffer.from(payment.authorization.wire).toString('base64')
  const options = { encoding: 'base64', sigVerify: false, commitment: 'processed' }
  const { value } = await rpc.call('simulateTransaction', [wire, options], simulation)
  return value.err == null ? undefined : refusalOf(value.err, value.logs ?? [])
}

/** What the runtime's errors are called in x402. */
function refusalOf(err: unknown, logs: readonly string[]): ProblemCode {
  if (err === 'AlreadyProcessed') return 'payment_already_used'
  if (err === 'BlockhashNotFound') return 'payment_expired'
  // SPL Token error 1, InsufficientFunds; a missing source account holds nothing either.
  const poor = logs.some((line) => /insufficient funds/i.test(line)) || /"Custom":1\b/.test(JSON.stringify(err))
  return poor || err === 'AccountNotFound' ? 'insufficient_funds' : 'transaction_simulation_failed'
}

/**
 * Finds a confirmed transaction that carries exactly the message that was signed.
 *
 * The message was checked when it was claimed, so its execution without an error is the transfer.
 */
async function lookup(
  rpc: Rpc,
  payment: IdentifiedPayment,
  attempt: Attempt | undefined,
  hint: string | undefined,
): Promise<LookupOutcome> {
  // Asked first: what is not found afterwards had not landed by then.
  const height = await rpc.call('getBlockHeight', [{ commitment: 'finalized' }], heightShape)
  for (const signature of [hint, attempt?.transaction]) {
    const found = signature && (await inTransaction(rpc, signature, payment))
    if (found) return found
  }
  // A transaction that somebody else signed as fee payer has an id we may never have been told.
  const searched = attempt?.transaction !== undefined || (await searchAddress(rpc, payment))
  if (typeof searched === 'object') return searched
  // Past the last height at which its blockhash is valid it can never land (finalised, so that no fork brings it back).
  const last = attempt?.lastValidBlockHeight
  if (last === undefined || height <= Number(last)) return { outcome: 'unspent' }
  // A search that did not see the whole past proves nothing.
  return { outcome: searched ? 'void' : 'unknown' }
}

/** Looks through what the payer's address was lately part of; true when all of it was seen and the payment is not among it. */
async function searchAddress(rpc: Rpc, payment: IdentifiedPayment): Promise<LookupOutcome | boolean> {
  const options = { limit: SIGNATURES_LOOKED_AT, commitment: 'confirmed' }
  const list = await rpc.call('getSignaturesForAddress', [payment.payer, options], signatures)
  for (const { signature } of list) {
    const found = await inTransaction(rpc, signature, payment)
    if (found) return found
  }
  return list.length < SIGNATURES_LOOKED_AT
}

async function inTransaction(
  rpc: Rpc,
  signature: string,
  payment: IdentifiedPayment,
): Promise<LookupOutcome | undefined> {
  if (!/^[1-9A-HJ-NP-Za-km-z]{64,90}$/.test(signature)) return undefined
  const options = { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 }
  const fetched = await rpc.call('getTransaction', [signature, options], maybeTransaction)
  if (!fetched?.meta) return undefined
  const read = readTransaction(Buffer.from(fetched.transaction[0], 'base64'))
  if (read?.messageHash !== payment.signed) return undefined
  // It landed and failed: the cluster takes no message twice, so it can never move the money any more.
  return fetched.meta.err == null
    ? { outcome: 'settled', settlement: settlementOf(payment, signature) }
    : { outcome: 'void' }
}

/** `getGenesisHash` begins with the CAIP-2 reference (https://namespaces.chainagnostic.org/solana/caip2). */
async function inspect(
  rpc: Rpc,
  id: Caip2,
  mints: readonly SolanaMint[],
  payees: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  const genesis = await rpc.call('getGenesisHash', [], text)
  const findings: Finding[] = [
    {
      ok: `solana:${genesis.slice(0, 32)}` === id,
      what: `genesis hash ${genesis}`,
      fix: `point rpc at a node of ${id}`,
      fatal: true,
    },
  ]
  for (const { mint, decimals } of mints) {
    const { value } = await rpc.call('getAccountInfo', [mint, { encoding: 'base64' }], maybeAccount)
    const actual = value && Buffer.from(value.data[0], 'base64')[44]
    findings.push({
      ok: actual === decimals,
      what: `mint ${mint} has ${actual ?? 'no'} decimals`,
      fix: actual === undefined || actual === null ? 'check the mint on this network' : `set decimals to ${actual}`,
      fatal: true,
    })
    const account = value && payees.get(`${value.owner}:${mint}`)
    const held = account
      ? await rpc.call('getAccountInfo', [account, { encoding: 'base64' }], maybeAccount)
      : { value: null }
    findings.push({
      ok: held.value !== null,
      what: `the payee’s token account ${account ?? ''} for ${mint} ${held.value ? 'exists' : 'does not exist'}`,
      fix: 'create it: payers never do (spl-token create-account)',
    })
  }
  return findings
}
