import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SolanaChain, startSolana } from '../../../devnet/solana/index.ts'
import { createMemoInstruction } from './memo.ts'
import { BASE64, base64Of, callOf, SKIP_PREFLIGHT, usdcTransfer } from './support.ts'

let chain: SolanaChain
let call: ReturnType<typeof callOf>
let destination: string
const sent: string[] = []

beforeAll(async () => {
  chain = await startSolana({ slotMs: 3_600_000 })
  call = callOf(chain)
  destination = await chain.tokenAccount(chain.assets.USDC, chain.accounts.payee.address)
  for (let n = 0; n < 5; n++) {
    const extra = n === 2 ? [createMemoInstruction('order 7')] : []
    const transfer = await usdcTransfer(chain, { amount: BigInt(100 + n), extra })
    sent.push((await call('sendTransaction', base64Of(transfer), BASE64)).result)
    if (n % 2 === 1) chain.advance(1)
  }
})
afterAll(() => chain.stop())

describe('getSignaturesForAddress', () => {
  const history = async (options = {}) =>
    (await call('getSignaturesForAddress', destination, { commitment: 'confirmed', ...options })).result
  const signatures = async (options = {}) => (await history(options)).map((row: { signature: string }) => row.signature)

  test('lists the newest first, within a block too', async () => {
    expect(await signatures()).toEqual([...sent].reverse())
  })

  test('keeps to limit, before and until', async () => {
    expect(await signatures({ limit: 2 })).toEqual([sent[4], sent[3]])
    expect(await signatures({ before: sent[3] })).toEqual([sent[2], sent[1], sent[0]])
    expect(await signatures({ before: sent[4], until: sent[1] })).toEqual([sent[3], sent[2]])
    expect(await signatures({ before: sent[3], limit: 1 })).toEqual([sent[2]])
  })

  test('gives slot, time, outcome and memo of each', async () => {
    const rows = await history()
    expect(rows[2]).toMatchObject({ memo: '[7] order 7', err: null, confirmationStatus: 'confirmed' })
    expect(rows[0].memo).toBeNull()
    expect(Math.abs(rows[0].blockTime - Date.now() / 1000)).toBeLessThan(60)
    expect(rows[0].slot).toBeGreaterThan(rows[4].slot)
  })

  test('lists a failed transaction with its error', async () => {
    const wire = base64Of(await usdcTransfer(chain, { amount: 10n ** 15n }))
    const { result } = await call('sendTransaction', wire, SKIP_PREFLIGHT)
    expect((await history({ limit: 1 }))[0]).toMatchObject({
      signature: result,
      err: { InstructionError: [0, { Custom: 1 }] },
    })
  })

  test('refuses what a node refuses', async () => {
    for (const options of [{ commitment: 'processed' }, { limit: 1_001 }, { limit: 0 }, { before: 'x' }]) {
      expect((await call('getSignaturesForAddress', destination, options)).error?.code).toBe(-32602)
    }
  })
})

describe('getSignatureStatuses', () => {
  test('forgets after a while, unless asked to search', async () => {
    chain.advance(400)
    const [signature] = sent
    expect((await call('getSignatureStatuses', [signature])).result.value).toEqual([null])
    const searched = await call('getSignatureStatuses', [signature], { searchTransactionHistory: true })
    expect(searched.result.value[0]).toMatchObject({ err: null, status: { Ok: null }, confirmations: null })
  })
})

describe('getTransaction', () => {
  const fetched = async (encoding: string) =>
    (await call('getTransaction', sent[2], { encoding, maxSupportedTransactionVersion: 0 })).result

  test('gives the bytes, the fee and the balances before and after', async () => {
    const { transaction, meta, version } = await fetched('base64')
    expect(version).toBe('legacy')
    expect(Buffer.from(transaction[0], 'base64').length).toBeGreaterThan(200)
    expect(meta.fee).toBe(10_000)
    expect(meta.preBalances[0] - meta.postBalances[0]).toBe(10_000)
    const amountOf = (rows: { owner: string; uiTokenAmount: { amount: string } }[]) =>
      BigInt(rows.find(({ owner }) => owner === chain.accounts.payee.address)?.uiTokenAmount.amount ?? 0)
    expect(amountOf(meta.postTokenBalances) - amountOf(meta.preTokenBalances)).toBe(102n)
  })

  test('spells the transfer out when asked to', async () => {
    const { transaction } = await fetched('jsonParsed')
    const [transfer, memo] = transaction.message.instructions
    expect(transfer).toMatchObject({
      program: 'spl-token',
      parsed: {
        type: 'transferChecked',
        info: { destination, mint: chain.assets.USDC, tokenAmount: { amount: '102' } },
      },
    })
    expect(memo).toMatchObject({ program: 'spl-memo', parsed: 'order 7' })
    expect(transaction.message.accountKeys[0]).toMatchObject({ pubkey: chain.accounts.feePayer.address, signer: true })
  })

  test('is null for a signature that never landed', async () => {
    expect((await call('getTransaction', '1'.repeat(64))).result).toBeNull()
  })
})
