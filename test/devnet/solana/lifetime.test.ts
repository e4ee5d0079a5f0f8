import { PublicKey, Transaction } from '@solana/web3.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SolanaChain, startSolana } from '../../../devnet/solana/index.ts'
import { BASE64, base64Of, callOf, latestBlockhash, SKIP_PREFLIGHT, usdcTransfer, web3Keypair } from './support.ts'

let chain: SolanaChain
let call: ReturnType<typeof callOf>

beforeAll(async () => {
  // No block comes by itself: each test says when.
  chain = await startSolana({ slotMs: 3_600_000 })
  call = callOf(chain)
})
afterAll(() => chain.stop())

const received = () => chain.balanceOf(chain.assets.USDC, chain.accounts.payee.address)
const signatureIn = async (reply: Promise<{ result?: string }>) => (await reply).result ?? ''
const statusOf = async (signature: string) => (await call('getSignatureStatuses', [signature])).result.value[0]

describe('a blockhash', () => {
  test('serves transactions in its own block and the 150 after it', async () => {
    const blockhash = await latestBlockhash(chain)
    const [last, late] = [
      await usdcTransfer(chain, { blockhash }),
      await usdcTransfer(chain, { blockhash, amount: 2n }),
    ]
    chain.advance(150)
    expect((await call('isBlockhashValid', blockhash, { commitment: 'processed' })).result.value).toBe(true)
    expect((await call('sendTransaction', base64Of(last), BASE64)).error).toBeUndefined()
    chain.advance(1)
    expect((await call('isBlockhashValid', blockhash, { commitment: 'processed' })).result.value).toBe(false)
    const { error } = await call('sendTransaction', base64Of(late), BASE64)
    expect(error).toMatchObject({ code: -32002, data: { err: 'BlockhashNotFound' } })
    expect(error?.message).toBe('Transaction simulation failed: Blockhash not found')
  })

  test('is promised exactly as long as it serves', async () => {
    const { value } = (await call('getLatestBlockhash', { commitment: 'processed' })).result
    expect(value.lastValidBlockHeight).toBe((await call('getBlockHeight', { commitment: 'processed' })).result + 150)
  })

  test('once expired, takes a transaction sent without preflight to nowhere, and says nothing', async () => {
    const transfer = await usdcTransfer(chain)
    chain.advance(151)
    const before = await received()
    const signature = await signatureIn(call('sendTransaction', base64Of(transfer), SKIP_PREFLIGHT))
    expect(signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{86,88}$/)
    expect(await statusOf(signature)).toBeNull()
    expect(await received()).toBe(before)
  })

  test('is older the more commitment is asked for, and expires sooner', async () => {
    const at = async (commitment: string) => (await call('getLatestBlockhash', { commitment })).result.value
    const [confirmed, finalized] = [await at('confirmed'), await at('finalized')]
    expect(confirmed.lastValidBlockHeight - finalized.lastValidBlockHeight).toBe(32)
    expect(finalized.blockhash).not.toBe(confirmed.blockhash)
  })
})

describe('a duplicate', () => {
  test('is named by preflight and simulation, and moves nothing', async () => {
    const wire = base64Of(await usdcTransfer(chain, { amount: 11n }))
    const before = await received()
    await call('sendTransaction', wire, BASE64)
    const again = await call('sendTransaction', wire, BASE64)
    expect(again.error).toMatchObject({ code: -32002, data: { err: 'AlreadyProcessed' } })
    expect((await call('simulateTransaction', wire, BASE64)).result.value.err).toBe('AlreadyProcessed')
    expect(await received()).toBe(before + 11n)
  })

  test('sent without preflight is answered with its signature and dropped', async () => {
    const wire = base64Of(await usdcTransfer(chain, { amount: 12n }))
    const before = await received()
    const replies = await Promise.all(Array.from({ length: 20 }, () => call('sendTransaction', wire, SKIP_PREFLIGHT)))
    expect(new Set(replies.map((reply) => reply.result)).size).toBe(1)
    expect(await received()).toBe(before + 12n)
  })

  test('stays one for as long as its blockhash lives', async () => {
    const wire = base64Of(await usdcTransfer(chain, { amount: 13n }))
    await call('sendTransaction', wire, BASE64)
    for (const [blocks, err] of [
      [150, 'AlreadyProcessed'],
      [1, 'BlockhashNotFound'],
    ] as const) {
      chain.advance(blocks)
      expect((await call('sendTransaction', wire, BASE64)).error?.data.err).toBe(err)
    }
  })

  test('of a transaction that landed and failed is a duplicate too', async () => {
    const wire = base64Of(await usdcTransfer(chain, { amount: 10n ** 15n }))
    const signature = await signatureIn(call('sendTransaction', wire, SKIP_PREFLIGHT))
    expect((await statusOf(signature)).err).toEqual({ InstructionError: [0, { Custom: 1 }] })
    expect((await call('simulateTransaction', wire, BASE64)).result.value.err).toBe('AlreadyProcessed')
  })

  test('may be simulated again under a new blockhash', async () => {
    const wire = base64Of(await usdcTransfer(chain, { amount: 14n }))
    await call('sendTransaction', wire, BASE64)
    const { value } = (await call('simulateTransaction', wire, { ...BASE64, replaceRecentBlockhash: true })).result
    expect(value.err).toBeNull()
    expect(value.replacementBlockhash.blockhash).toBe(await latestBlockhash(chain))
  })
})

describe('a signature', () => {
  test('missing or wrong fails preflight, and is ignored by a simulation unless asked for', async () => {
    const transfer = await usdcTransfer(chain)
    const { payer } = chain.accounts
    transfer.addSignature(new PublicKey(payer.address), Buffer.alloc(64, 1))
    const wire = transfer.serialize({ verifySignatures: false }).toString('base64')
    const failure = { code: -32003, message: 'Transaction signature verification failure' }
    expect((await call('sendTransaction', wire, BASE64)).error).toEqual(failure)
    expect((await call('simulateTransaction', wire, { ...BASE64, sigVerify: true })).error).toEqual(failure)
    expect((await call('simulateTransaction', wire, BASE64)).result.value.err).toBeNull()
  })

  test('that is wrong keeps a transaction sent without preflight out of the chain', async () => {
    const transfer = await usdcTransfer(chain)
    transfer.addSignature(new PublicKey(chain.accounts.payer.address), Buffer.alloc(64, 1))
    const wire = transfer.serialize({ verifySignatures: false }).toString('base64')
    const before = await received()
    const signature = await signatureIn(call('sendTransaction', wire, SKIP_PREFLIGHT))
    expect(await statusOf(signature)).toBeNull()
    expect(await received()).toBe(before)
  })

  test('cannot be verified under a replaced blockhash', async () => {
    const options = { ...BASE64, sigVerify: true, replaceRecentBlockhash: true }
    const { error } = await call('simulateTransaction', base64Of(await usdcTransfer(chain)), options)
    expect(error?.code).toBe(-32602)
  })
})

describe('a transaction that cannot pay its fee', () => {
  test('is dropped, and its blockhash may still carry it once it can', async () => {
    const poor = chain.createKeypair('poor')
    const transaction = new Transaction({
      recentBlockhash: await latestBlockhash(chain),
      feePayer: new PublicKey(poor.address),
    })
    transaction.add(...(await usdcTransfer(chain)).instructions)
    transaction.sign(web3Keypair(poor), web3Keypair(chain.accounts.payer))
    const wire = base64Of(transaction)
    const signature = await signatureIn(call('sendTransaction', wire, SKIP_PREFLIGHT))
    expect(await statusOf(signature)).toBeNull()
    expect((await call('sendTransaction', wire, BASE64)).error?.data.err).toBe('AccountNotFound')
    await chain.fund(poor.address, { sol: 1_000_000_000n })
    expect((await call('sendTransaction', wire, BASE64)).result).toBe(signature)
    expect((await statusOf(signature)).err).toBeNull()
  })
})
