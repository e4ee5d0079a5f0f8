import { AccountRole, address, type Instruction, type KeyPairSigner } from '@solana/kit'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Rpc } from '../../src/adapters/rpc.ts'
import { solanaNetwork } from '../../src/adapters/solana/network.ts'
import { COMPUTE_BUDGET_PROGRAM, LIGHTHOUSE_PROGRAM, TOKEN_2022_PROGRAM } from '../../src/adapters/solana/programs.ts'
import type { Payment } from '../../src/domain/payment.ts'
import type { Network } from '../../src/ports/network.ts'
import { MINT, NOW, SOLANA_DEVNET, SOLANA_PAYEE } from '../support/fixtures.ts'
import { computeLimit, computePrice, memo, signed, signerOf, transfer } from '../support/solana-payment.ts'

const noRpc: Rpc = { call: () => Promise.reject(new Error('identify asks no node')), close: async () => undefined }

let network: Network
let payer: KeyPairSigner
let feePayer: KeyPairSigner
let stranger: KeyPairSigner
beforeAll(async () => {
  ;[payer, feePayer, stranger] = await Promise.all([signerOf('payer'), signerOf('fee payer'), signerOf('stranger')])
  network = await solanaNetwork({
    id: SOLANA_DEVNET,
    rpc: noRpc,
    payTo: SOLANA_PAYEE,
    mints: [{ mint: MINT, decimals: 6 }],
    caps: { maxComputeUnits: 60_000, maxComputeUnitPrice: 100_000n },
    clock: { now: () => NOW },
    finalityMs: 20_000,
  })
})

const paymentOf = (wire: Uint8Array): Payment => ({
  version: 2,
  scheme: 'exact',
  network: SOLANA_DEVNET,
  accepted: undefined,
  authorization: { kind: 'solana-transaction', wire },
})
const identify = (wire: Uint8Array) => network.identify(paymentOf(wire))
const codeOf = (wire: Uint8Array) => {
  const result = identify(wire)
  return 'refused' in result ? result.refused : 'identified'
}
/** Identifies what a client would send, with these instructions. */
const codeOfInstructions = async (...instructions: (Instruction | Promise<Instruction>)[]) =>
  codeOf(await signed(feePayer.address, await Promise.all(instructions)))
const usual = () => [computeLimit(20_000), computePrice(1), transfer({ payer }), memo('x')]

describe('a payment on Solana', () => {
  test('tells payer, recipient, amount, mint and what it asks of the fee payer', async () => {
    const identified = identify(await signed(feePayer.address, await Promise.all(usual())))
    expect(identified).toMatchObject({
      payer: payer.address,
      transfer: {
        kind: 'solana-transaction',
        from: payer.address,
        to: SOLANA_PAYEE,
        amount: 34_000n,
        asset: MINT,
        nonce: 'signed' in identified ? identified.signed : undefined,
        window: undefined,
      },
      sponsored: {
        feePayer: feePayer.address,
        computeUnitLimit: 20_000,
        computeUnitPriceMicroLamports: 1n,
        signatures: 2,
      },
    })
  })

  test('has one key whatever the fee payer’s slot holds', async () => {
    const wire = await signed(feePayer.address, await Promise.all(usual()))
    const scribbled = Uint8Array.from(wire)
    scribbled.fill(9, 1, 65)
    expect(identify(scribbled)).toMatchObject({ key: (identify(wire) as { key: string }).key })
  })

  test('has another key for another message', async () => {
    const keys = await Promise.all(
      ['x', 'y'].map(async (text) =>
        identify(await signed(feePayer.address, await Promise.all([...usual().slice(0, 3), memo(text)]))),
      ),
    )
    expect(new Set(keys.map((identified) => 'key' in identified && identified.key)).size).toBe(2)
  })

  test('to the payee through Token-2022 is told by its own associated account', async () => {
    const identified = identify(
      await signed(feePayer.address, [computeLimit(1_000), await transfer({ payer, program: TOKEN_2022_PROGRAM })]),
    )
    expect(identified).toMatchObject({ transfer: { to: SOLANA_PAYEE } })
  })

  test('to another owner goes to that account, not to the payee', async () => {
    const identified = identify(
      await signed(feePayer.address, [computeLimit(1_000), await transfer({ payer, payTo: stranger.address })]),
    )
    expect('transfer' in identified && identified.transfer.to).not.toBe(SOLANA_PAYEE)
  })
})

describe('a transaction that is refused', () => {
  const lighthouse: Instruction = { programAddress: address(LIGHTHOUSE_PROGRAM), data: new Uint8Array([1]) }
  test('none: no bytes of a transaction', () => {
    expect(codeOf(new Uint8Array([1, 2, 3]))).toBe('invalid_exact_svm_payload_transaction_could_not_be_decoded')
  })
  test('one-transfer: none, or two', async () => {
    expect(await codeOfInstructions(computeLimit(1_000))).toBe('invalid_exact_svm_payload_no_transfer_instruction')
    expect(await codeOfInstructions(computeLimit(1_000), transfer({ payer }), transfer({ payer, amount: 1n }))).toBe(
      'invalid_exact_svm_payload_no_transfer_instruction',
    )
  })
  test('moves-something: from an account to itself', async () => {
    const straight = await transfer({ payer, payTo: payer.address })
    expect(await codeOfInstructions(computeLimit(1_000), straight)).toBe('invalid_exact_svm_payload_recipient_mismatch')
  })
  test('no-strangers: another program, or another instruction of a known one', async () => {
    const system: Instruction = {
      programAddress: address('11111111111111111111111111111111'),
      data: new Uint8Array([2, 0, 0, 0]),
    }
    const heap: Instruction = { programAddress: address(COMPUTE_BUDGET_PROGRAM), data: new Uint8Array([1, 0, 0, 0, 1]) }
    for (const strange of [system, heap])
      expect(await codeOfInstructions(...usual(), strange)).toBe(
        'invalid_exact_svm_payload_unknown_optional_instruction',
      )
    expect(await codeOfInstructions(...usual(), lighthouse)).toBe('identified')
  })
  test('one-memo: two of them', async () => {
    expect(await codeOfInstructions(...usual(), memo('y'))).toBe('invalid_exact_svm_payload_memo_count')
  })
  test('fee-payer-unnamed: the fee payer among an instruction’s accounts', async () => {
    const naming = { ...lighthouse, accounts: [{ address: feePayer.address, role: AccountRole.READONLY }] }
    expect(await codeOfInstructions(...usual(), naming)).toBe(
      'invalid_exact_svm_payload_transaction_fee_payer_transferring_funds',
    )
  })
  test('two-signers: a third one', async () => {
    const third = {
      ...lighthouse,
      accounts: [{ address: stranger.address, role: AccountRole.READONLY_SIGNER, signer: stranger }],
    }
    expect(await codeOfInstructions(...usual(), third)).toBe('invalid_exact_svm_payload_excessive_signers')
  })
  test('compute-limit-set: none, or two', async () => {
    expect(await codeOfInstructions(transfer({ payer }))).toBe(
      'invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction',
    )
    expect(await codeOfInstructions(computeLimit(1_000), computeLimit(2_000), transfer({ payer }))).toBe(
      'invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction',
    )
  })
  test('compute-limit-capped: one unit too many', async () => {
    expect(await codeOfInstructions(computeLimit(60_001), transfer({ payer }))).toBe(
      'invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction_too_high',
    )
    expect(await codeOfInstructions(computeLimit(60_000), transfer({ payer }))).toBe('identified')
  })
  test('compute-price-capped: one micro-lamport too many, or two prices', async () => {
    const code = 'invalid_exact_svm_payload_transaction_instructions_compute_price_instruction_too_high'
    expect(await codeOfInstructions(computeLimit(1_000), computePrice(100_001), transfer({ payer }))).toBe(code)
    expect(await codeOfInstructions(computeLimit(1_000), computePrice(1), computePrice(1), transfer({ payer }))).toBe(
      code,
    )
    expect(await codeOfInstructions(computeLimit(1_000), computePrice(100_000), transfer({ payer }))).toBe('identified')
  })
  test('payer-signed: a signature of another message', async () => {
    const wire = Uint8Array.from(await signed(feePayer.address, await Promise.all(usual())))
    wire[70] = (wire[70] ?? 0) ^ 1
    expect(codeOf(wire)).toBe('invalid_exact_svm_payload_signature_invalid')
  })
})
