import { encodeFunctionData, type Hex, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { receipt as receiptShape } from '../../src/adapters/evm/shapes.ts'
import { provenBy } from '../../src/adapters/evm/token.ts'
import type { IdentifiedPayment } from '../../src/domain/payment.ts'
import type { Attempt, Settlement } from '../../src/domain/settlement.ts'
import { ChainUnavailable } from '../../src/ports/network.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { rpc } from '../support/solana-client.ts'
import { type Bed, type Instance, memoryLanes, openBed } from './evm-parts.ts'

const CANCEL = parseAbi([
  'function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
])

let bed: Bed
let node: Faults
let own: Instance
let remote: Instance
beforeAll(async () => {
  bed = await openBed()
  node = await faultyRpc(bed.evm.rpcUrl)
  own = bed.instance(memoryLanes())
  remote = bed.instance(memoryLanes(), { rpcUrl: node.url })
})
afterAll(async () => {
  await bed.stop()
  await node.stop()
})
afterEach(() => {
  node.answer(undefined)
  node.calls.length = 0
})
const ask = <T>(method: string, ...params: unknown[]) => rpc(bed.evm.rpcUrl, method, params) as Promise<T>
const mine = (blocks: number) => ask('anvil_mine', `0x${blocks.toString(16)}`)

async function settled(): Promise<{ payment: IdentifiedPayment; settlement: Settlement; attempt: Attempt }> {
  const payment = await bed.pay()
  const outcome = await own.settle(payment)
  if (outcome.outcome !== 'settled') throw new Error(outcome.outcome)
  return { payment, settlement: outcome.settlement, attempt: own.attempts.at(-1) as Attempt }
}

describe('looking a payment up', () => {
  test('finds what settled it by the attempt, by a hint, by the logs from the noted block, and by the logs alone', async () => {
    const { payment, settlement, attempt } = await settled()
    const unsent = { ...attempt, transaction: undefined }
    for (const [noted, hint] of [[attempt], [undefined, settlement.transaction], [unsent], []])
      expect(await own.network.lookup(payment, noted as Attempt | undefined, hint as string | undefined)).toEqual({
        outcome: 'settled',
        settlement,
      })
  })

  test('believes no hint that its logs do not bear out', async () => {
    const [{ payment }, { settlement }] = [await settled(), await settled()]
    expect(await own.network.lookup(await bed.pay(), undefined, settlement.transaction)).toEqual({ outcome: 'unspent' })
    expect(await own.network.lookup(payment, undefined, settlement.transaction)).toMatchObject({ outcome: 'settled' })
  })

  test('says unspent while it can be spent, and void once its time is past in a final block', async () => {
    const payment = await bed.pay({ seconds: 10 })
    expect(await own.network.lookup(payment, undefined)).toEqual({ outcome: 'unspent' })
    const snapshot = await ask('evm_snapshot')
    await ask('evm_increaseTime', 20)
    await mine(1)
    // Past its end, but in a block that a reorg could take back.
    expect(await own.network.lookup(payment, undefined)).toEqual({ outcome: 'unspent' })
    await mine(4)
    expect(await own.network.lookup(payment, undefined)).toEqual({ outcome: 'void' })
    await ask('evm_revert', snapshot)
  })

  test('says void of a cancelled one once the cancellation is final', async () => {
    const payment = await bed.pay()
    const { payer } = bed.evm.accounts
    const { nonce, from } = payment.transfer
    const signature = await privateKeyToAccount(payer.privateKey).signTypedData({
      domain: { name: 'USDC', version: '2', chainId: bed.evm.chainId, verifyingContract: bed.evm.assets.USDC },
      types: {
        CancelAuthorization: [
          { name: 'authorizer', type: 'address' },
          { name: 'nonce', type: 'bytes32' },
        ],
      },
      primaryType: 'CancelAuthorization',
      message: { authorizer: payer.address, nonce: nonce as Hex },
    })
    const [r, s, v] = [signature.slice(0, 66), `0x${signature.slice(66, 130)}`, `0x${signature.slice(130)}`]
    const args = [from as Hex, nonce as Hex, Number(v), r as Hex, s as Hex] as const
    const data = encodeFunctionData({ abi: CANCEL, functionName: 'cancelAuthorization', args })
    await ask('eth_sendTransaction', { from: bed.evm.accounts.stranger.address, to: bed.evm.assets.USDC, data })
    expect(await own.network.lookup(payment, undefined)).toEqual({ outcome: 'unspent' })
    await mine(4)
    expect(await own.network.lookup(payment, undefined)).toEqual({ outcome: 'void' })
  })

  test('says void of one whose nonce another authorization has used up for good', async () => {
    const { payment, settlement } = await settled()
    const nonce = payment.transfer.nonce as Hex
    const twin = await bed.pay({ nonce, amount: 1n })
    expect(await own.network.lookup(twin, undefined, settlement.transaction)).toEqual({ outcome: 'unspent' })
    await mine(4)
    expect(await own.network.lookup(twin, undefined, settlement.transaction)).toEqual({ outcome: 'void' })
  })

  test.each([1_000, 3, 1])('searches the logs %s blocks at a time where the node takes no more', async (cap) => {
    const { payment, settlement, attempt } = await settled()
    await mine(20)
    node.answer((method, [filter]) => {
      if (method !== 'eth_getLogs') return undefined
      const { fromBlock, toBlock } = filter as Record<'fromBlock' | 'toBlock', string>
      if (Number(toBlock) - Number(fromBlock) < cap) return undefined
      return { error: { code: -32_005, message: `query exceeds max block range ${cap}` } }
    })
    const found = await remote.network.lookup(payment, { ...attempt, transaction: undefined })
    expect(found).toEqual({ outcome: 'settled', settlement })
    expect(node.calls.filter((method) => method === 'eth_getLogs').length).toBeGreaterThan(cap < 20 ? 2 : 0)
  })

  test('finds a use near the noted block an hour later, on a node that takes ten blocks at a time', async () => {
    const { payment, settlement, attempt } = await settled()
    const snapshot = await ask('evm_snapshot')
    await mine(1_800)
    node.answer((method, [filter]) => {
      if (method !== 'eth_getLogs') return undefined
      const { fromBlock, toBlock } = filter as Record<'fromBlock' | 'toBlock', string>
      if (Number(toBlock) - Number(fromBlock) < 10) return undefined
      return { error: { code: -32_600, message: 'up to a 10 block range' } }
    })
    const found = await remote.network.lookup(payment, { ...attempt, transaction: undefined })
    await ask('evm_revert', snapshot)
    expect(found).toEqual({ outcome: 'settled', settlement })
  })

  test('gives up on a node that refuses every range', async () => {
    const { payment, attempt } = await settled()
    node.answer((method) =>
      method === 'eth_getLogs' ? { error: { code: -32_005, message: 'limit exceeded' } } : undefined,
    )
    await expect(remote.network.lookup(payment, { ...attempt, transaction: undefined })).rejects.toThrow(
      ChainUnavailable,
    )
    expect(node.calls.length).toBeLessThan(150)
  })

  test('takes nothing from a node that is behind a block it has shown', async () => {
    const { payment, settlement } = await settled()
    const twin = await bed.pay({ nonce: payment.transfer.nonce as Hex, amount: 1n })
    const old = await ask('eth_getBlockByNumber', '0x1', false)
    node.answer((method) => (method === 'eth_getBlockByNumber' ? { result: old } : undefined))
    await expect(remote.network.lookup(twin, undefined, settlement.transaction)).rejects.toThrow(ChainUnavailable)
  })
})

describe('reviewing a settlement', () => {
  let payment: IdentifiedPayment
  let settlement: Settlement
  let attempt: Attempt
  beforeEach(async () => {
    ;({ payment, settlement, attempt } = await settled())
  })
  const review = (by = own) => by.network.review(payment, settlement)

  test('says pending until the finalised chain holds it, then final', async () => {
    expect(await review()).toBe('pending')
    await mine(4)
    expect(await review()).toBe('final')
  })

  test('says gone when a reorg has undone it; after it was mined again it is settled again, in another block', async () => {
    await mine(3)
    await ask('anvil_reorg', 4, [])
    expect(await review()).toBe('gone')
    expect(await own.network.lookup(payment, attempt)).toEqual({ outcome: 'unspent' })
    await mine(2)
    await own.facilitator.resend(attempt)
    const found = await own.network.lookup(payment, attempt)
    expect(found).toMatchObject({ outcome: 'settled', settlement: { transaction: settlement.transaction } })
    expect(found.outcome === 'settled' && found.settlement.block).not.toBe(settlement.block)
    await mine(4)
    expect(await review()).toBe('final')
  })

  test('says gone when another transaction holds the transfer now, so that it is learnt anew', async () => {
    expect(await own.network.review(payment, { ...settlement, transaction: `0x${'1'.repeat(64)}` })).toBe('gone')
  })

  test('says nothing by a node that is behind', async () => {
    const old = await ask('eth_getBlockByNumber', '0x1', false)
    node.answer((method) => {
      if (method === 'eth_getTransactionReceipt') return { result: null }
      return method === 'eth_getBlockByNumber' ? { result: old } : undefined
    })
    await expect(review(remote)).rejects.toThrow(ChainUnavailable)
  })

  test('does not take it for gone when the node has forgotten the receipt, or the logs too', async () => {
    node.answer((method) => (method === 'eth_getTransactionReceipt' ? { result: null } : undefined))
    expect(await review(remote)).toBe('pending')
    node.answer((method) => {
      if (method === 'eth_getTransactionReceipt') return { result: null }
      return method === 'eth_getLogs' ? { result: [] } : undefined
    })
    expect(await review(remote)).toBe('pending')
  })

  test('does not take it for final by a receipt of a block that is not on the chain', async () => {
    await mine(4)
    const receipt = await ask<object>('eth_getTransactionReceipt', settlement.transaction)
    const stale = { ...receipt, blockHash: `0x${'2'.repeat(64)}` }
    node.answer((method) => (method === 'eth_getTransactionReceipt' ? { result: stale } : undefined))
    expect(await review(remote)).toBe('pending')
  })

  test('throws when the node answers with an error', async () => {
    node.answer(() => ({ error: { code: -32_000, message: 'boom' } }))
    await expect(review(remote)).rejects.toThrow(ChainUnavailable)
  })
})

test('each Transfer of a transaction counts for the authorization it follows, and no other', async () => {
  const [one, two] = [await settled(), await settled()]
  const [first, second] = await Promise.all(
    [one, two].map(async ({ settlement }) =>
      receiptShape.parse(await ask('eth_getTransactionReceipt', settlement.transaction)),
    ),
  )
  if (!first || !second) throw new Error('no receipt')
  const both = { ...first, logs: [...first.logs, ...second.logs] }
  for (const { payment } of [one, two]) expect(provenBy(both, payment.transfer)).toBeDefined()
  // The second authorization without its own Transfer cannot count the first one's.
  const used = second.logs.slice(0, 1)
  expect(provenBy({ ...first, logs: [...used, ...used, ...first.logs] }, two.payment.transfer)).toBeUndefined()
  expect(provenBy({ ...first, logs: [...first.logs, ...used] }, two.payment.transfer)).toBeUndefined()
})
