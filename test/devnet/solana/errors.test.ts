import { PublicKey, SystemProgram, Transaction } from '@solana/web3.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SolanaChain, startSolana } from '../../../devnet/solana/index.ts'
import { readTransaction } from '../../../devnet/solana/transaction.ts'
import {
  BASE64,
  base64Of,
  callOf,
  latestBlockhash,
  post,
  SKIP_PREFLIGHT,
  usdcTransfer,
  web3Keypair,
} from './support.ts'

let chain: SolanaChain
let call: ReturnType<typeof callOf>

beforeAll(async () => {
  chain = await startSolana({ slotMs: 3_600_000 })
  call = callOf(chain)
})
afterAll(() => chain.stop())

describe('JSON-RPC', () => {
  test('names an unknown method, unusable arguments and a body that is not JSON', async () => {
    expect((await call('getEverything')).error).toEqual({ code: -32601, message: 'Method not found' })
    expect((await post(chain.rpcUrl, '{"jsonrpc"')).error).toEqual({ code: -32700, message: 'Parse error' })
    expect((await post(chain.rpcUrl, '[]')).error?.code).toBe(-32600)
    const calls = [
      call('getBalance'),
      call('getBalance', 7),
      call('getBalance', 'not an address'),
      call('getBalance', '1111'),
      call('getAccountInfo', chain.assets.USDC, { encoding: 'yaml' }),
      call('getSlot', { commitment: 'certain' }),
      call('getSignatureStatuses', 'x'),
      call('getMultipleAccounts', Array(101).fill(chain.assets.USDC)),
      call('getTokenAccountBalance', chain.assets.USDC),
    ]
    for (const { error } of await Promise.all(calls)) expect(error?.code).toBe(-32602)
  })

  test('answers a batch in order, and no notification', async () => {
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'getHealth' },
      { jsonrpc: '2.0', method: 'getHealth' },
      { jsonrpc: '2.0', id: 2, method: 'nope' },
    ]
    const replies = (await post(chain.rpcUrl, JSON.stringify(batch))) as unknown
    expect(replies).toEqual([
      { jsonrpc: '2.0', id: 'a', result: 'ok' },
      { jsonrpc: '2.0', id: 2, error: { code: -32601, message: 'Method not found' } },
    ])
  })

  test('is refused over HTTP as by a node', async () => {
    const status = async (init: RequestInit) => (await fetch(chain.rpcUrl, init)).status
    expect(await status({ method: 'GET' })).toBe(405)
    expect(await status({ method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } })).toBe(415)
    const headers = { 'content-type': 'application/json' }
    expect(await status({ method: 'POST', body: ' '.repeat(60_000), headers })).toBe(413)
    expect(await (await fetch(`${chain.rpcUrl}/health`)).text()).toBe('ok')
  })
})

describe('a transaction that fails', () => {
  test('in an instruction is described in words and in JSON, with its logs', async () => {
    const { error } = await call('sendTransaction', base64Of(await usdcTransfer(chain, { amount: 10n ** 15n })), BASE64)
    expect(error?.message).toBe(
      'Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1',
    )
    expect(error?.data.err).toEqual({ InstructionError: [0, { Custom: 1 }] })
    expect(error?.data.logs.join('\n')).toContain('Error: insufficient funds')
  })

  test('the rent check is described by the account it would leave', async () => {
    const transaction = new Transaction({
      recentBlockhash: await latestBlockhash(chain),
      feePayer: new PublicKey(chain.accounts.feePayer.address),
    })
    const fromPubkey = new PublicKey(chain.accounts.feePayer.address)
    const toPubkey = new PublicKey(chain.createKeypair('nobody').address)
    transaction.add(SystemProgram.transfer({ fromPubkey, toPubkey, lamports: 1 }))
    transaction.sign(web3Keypair(chain.accounts.feePayer))
    const { value } = (await call('simulateTransaction', base64Of(transaction), BASE64)).result
    expect(value.err).toEqual({ InsufficientFundsForRent: { account_index: 1 } })
  })

  test('without preflight still lands, and costs its fee', async () => {
    const balance = async () => (await call('getBalance', chain.accounts.feePayer.address)).result.value
    const before = await balance()
    const wire = base64Of(await usdcTransfer(chain, { amount: 10n ** 15n }))
    const { result } = await call('sendTransaction', wire, SKIP_PREFLIGHT)
    const { value } = (await call('getSignatureStatuses', [result])).result
    const err = { InstructionError: [0, { Custom: 1 }] }
    expect(value[0]).toMatchObject({ err, status: { Err: err } })
    expect(before - (await balance())).toBe(10_000)
  })
})

describe('bytes that are no transaction', () => {
  test('are refused whatever they are, and the chain lives on', async () => {
    const wire = (await usdcTransfer(chain)).serialize()
    const message = 1 + 64 * 2
    const broken = [
      Buffer.alloc(0),
      Buffer.of(0),
      Buffer.alloc(300, 7),
      Buffer.alloc(1300),
      wire.subarray(0, 100),
      replaced(wire, 0, 1),
      replaced(wire, 0, 0x81),
      replaced(wire, message, 9),
      replaced(wire, message, 0x81),
      replaced(wire, message, 0xff),
      replaced(wire, message + 3, 200),
      Buffer.concat([Buffer.of(0x82, 0), wire.subarray(1)]),
    ]
    for (const bytes of broken) {
      const text = bytes.toString('base64')
      for (const method of ['sendTransaction', 'simulateTransaction']) {
        for (const options of [BASE64, SKIP_PREFLIGHT]) {
          expect((await call(method, text, options)).error?.code, bytes.toString('hex')).toBe(-32602)
        }
      }
    }
    expect((await call('sendTransaction', '~~~', BASE64)).error?.code).toBe(-32602)
    expect((await call('sendTransaction', '0OIl')).error?.code).toBe(-32602)
    expect((await call('getHealth')).result).toBe('ok')
  })

  test('after its end let a transaction through the door, but into no block', async () => {
    const wire = Buffer.concat([(await usdcTransfer(chain, { amount: 77n })).serialize(), Buffer.of(0)])
    const { result } = await call('sendTransaction', wire.toString('base64'), BASE64)
    expect(result).toBe(readTransaction(wire).signature)
    expect((await call('getSignatureStatuses', [result])).result.value).toEqual([null])
  })
})

function replaced(wire: Buffer, offset: number, byte: number): Buffer {
  const copy = Buffer.from(wire)
  copy[offset] = byte
  return copy
}
