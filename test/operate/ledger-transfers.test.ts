import { PERMIT2_ADDRESS, permit2WitnessTypes, x402ExactPermit2ProxyABI, x402ExactPermit2ProxyAddress } from '@x402/evm'
import { encodeFunctionData, erc20Abi, getAddress, type Hex, maxUint256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EvmChain, startEvm } from '../../devnet/evm/index.ts'
import { type SolanaChain, startSolana } from '../../devnet/solana/index.ts'
import { evmTransfers } from '../../src/adapters/evm/transfers.ts'
import { openRpc } from '../../src/adapters/rpc.ts'
import { solanaTransfers } from '../../src/adapters/solana/transfers.ts'
import type { ChainTransfer, Holding, Transfers } from '../../src/ports/transfers.ts'
import { signBase, type WireOffer } from '../support/evm-payment.ts'
import { BASE_SEPOLIA, SOLANA_DEVNET } from '../support/fixtures.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { rpc } from '../support/solana-client.ts'
import { sendEvm, sendSolana, sendToken, submitAuthorization } from './ledger-support.ts'

async function all(transfers: Transfers, holding: Holding, from = 0n): Promise<ChainTransfer[]> {
  const found: ChainTransfer[] = []
  for await (const transfer of transfers.between(holding, from, await transfers.head())) found.push(transfer)
  return found
}
const net = (found: readonly ChainTransfer[]) =>
  found.reduce((sum, { direction, amount }) => (direction === 'in' ? sum + amount : sum - amount), 0n)

describe('transfers on an EVM chain', () => {
  let evm: EvmChain
  let node: Faults
  let transfers: Transfers
  let holding: Holding
  let first: bigint
  const payment = async (value: string) => {
    const offer = {
      network: evm.network,
      asset: evm.assets.USDC,
      payTo: evm.accounts.payee.address,
      amount: value,
      // A block mined ahead of time is a second ahead.
      maxTimeoutSeconds: 100_000,
      extra: { name: 'USDC', version: '2' },
    } as unknown as WireOffer
    return (await signBase({ privateKey: evm.accounts.payer.privateKey, offer })).v2.payload
  }
  beforeAll(async () => {
    evm = await startEvm()
    node = await faultyRpc(evm.rpcUrl)
    transfers = evmTransfers(BASE_SEPOLIA, openRpc(node.url))
    holding = { asset: evm.assets.USDC, owner: evm.accounts.payee.address }
    first = (await transfers.head()) + 1n
  })
  afterAll(async () => {
    await transfers.close()
    await Promise.all([node.stop(), evm.stop()])
  })

  test('a signed authorization is a payment under its own key; deposits and withdrawals are none', async () => {
    const { payer, payee, stranger } = evm.accounts
    const payload = await payment('34000')
    const paid = await submitAuthorization(evm, payload)
    const deposited = await sendToken(evm, evm.assets.USDC, payer.address, payee.address, 5_000n)
    const withdrawn = await sendToken(evm, evm.assets.USDC, payee.address, stranger.address, 1_000n)
    const { nonce } = payload.authorization
    const key = `${evm.network}:${evm.assets.USDC.toLowerCase()}:${payer.address.toLowerCase()}:${nonce}`
    expect(await all(transfers, holding, first)).toEqual([
      {
        direction: 'in',
        amount: 34_000n,
        counterparty: payer.address,
        transaction: paid,
        block: first,
        payment: { key },
      },
      { direction: 'in', amount: 5_000n, counterparty: payer.address, transaction: deposited, block: first + 1n },
      {
        direction: 'out',
        amount: 1_000n,
        counterparty: getAddress(stranger.address),
        transaction: withdrawn,
        block: first + 2n,
      },
    ])
    expect(await transfers.blockOf(paid)).toBe(first)
  })

  test('a settlement through a Permit2 proxy of x402 is a payment', async () => {
    const { payer, payee, stranger } = evm.accounts
    const asset = evm.assets.TMAI
    const approve = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [PERMIT2_ADDRESS, maxUint256] })
    await sendEvm(evm, payer.address, asset, approve)
    const permit = { permitted: { token: asset, amount: 2_000n }, nonce: 1n, deadline: maxUint256 }
    const witness = { to: payee.address, validAfter: 0n }
    const signature = await privateKeyToAccount(payer.privateKey).signTypedData({
      domain: { name: 'Permit2', chainId: evm.chainId, verifyingContract: PERMIT2_ADDRESS },
      types: permit2WitnessTypes,
      primaryType: 'PermitWitnessTransferFrom',
      message: { ...permit, spender: x402ExactPermit2ProxyAddress, witness },
    })
    const settle = encodeFunctionData({
      abi: x402ExactPermit2ProxyABI,
      functionName: 'settle',
      args: [permit, payer.address, witness, signature],
    })
    const transaction = await sendEvm(evm, stranger.address, x402ExactPermit2ProxyAddress, settle)
    await sendToken(evm, asset, payer.address, payee.address, 7n)
    expect(await all(transfers, { asset, owner: payee.address })).toMatchObject([
      { transaction, amount: 2_000n, counterparty: payer.address, payment: { key: undefined } },
      { amount: 7n },
    ])
  })

  test('balances before and after agree with what was moved', async () => {
    const head = await transfers.head()
    const found = await all(transfers, holding)
    const balances = await transfers.balances(holding, 0n, head)
    expect(balances).toEqual({ opening: 0n, closing: await evm.balanceOf(evm.assets.USDC, holding.owner as Hex) })
    expect(net(found)).toBe(balances?.closing)
    expect(await transfers.balances(holding, first + 1n, head)).toMatchObject({ opening: 34_000n })
  })

  test('a node that finds the range too large is asked for less, and gives the same', async () => {
    await evm.testClient.mine({ blocks: 300 })
    await submitAuthorization(evm, await payment('1'))
    const whole = await all(transfers, holding)
    node.calls.length = 0
    node.fail({ fault: 'error', methods: /getLogs/ })
    node.before(/getLogs/, async () => {
      if (node.calls.length >= 6) node.fail(undefined)
    })
    expect(await all(transfers, holding)).toEqual(whole)
    node.before(/./, undefined)
    expect(node.calls.filter((method) => method === 'eth_getLogs').length).toBeGreaterThan(8)
  })

  test('a node that has forgotten the balance says nothing of it, and one that is down throws', async () => {
    node.fail({ fault: 'error', methods: /eth_call/ })
    expect(await transfers.balances(holding, 1n, 2n)).toBeUndefined()
    node.fail({ fault: 'down', methods: /./ })
    await expect(all(transfers, holding)).rejects.toThrow(expect.objectContaining({ name: 'ChainUnavailable' }))
    node.fail({ fault: 'error', methods: /getLogs/ })
    await expect(all(transfers, holding)).rejects.toThrow(expect.objectContaining({ name: 'ChainUnavailable' }))
    node.fail(undefined)
  })

  test('a transaction that is not there, or was undone by a reorg, is in no block', async () => {
    expect(await transfers.blockOf(`0x${'12'.repeat(32)}`)).toBeUndefined()
    expect(await transfers.blockOf('nonsense')).toBeUndefined()
    const undone = await submitAuthorization(evm, await payment('9'))
    expect(await transfers.blockOf(undone)).toBeDefined()
    await rpc(evm.rpcUrl, 'anvil_reorg', [1, []])
    expect(await transfers.blockOf(undone)).toBeUndefined()
    expect((await all(transfers, holding)).map(({ transaction }) => transaction)).not.toContain(undone)
  })
})

describe('transfers on Solana', () => {
  let solana: SolanaChain
  let transfers: Transfers
  let holding: Holding
  beforeAll(async () => {
    solana = await startSolana()
    transfers = solanaTransfers(SOLANA_DEVNET, openRpc(solana.rpcUrl))
    holding = { asset: solana.assets.USDC, owner: solana.accounts.payee.address }
  })
  afterAll(async () => {
    await transfers.close()
    await solana.stop()
  })

  test('a holding that never moved has neither transfers nor another balance', async () => {
    expect(await all(transfers, holding)).toEqual([])
    expect(await transfers.balances(holding, 0n, await transfers.head())).toEqual({ opening: 0n, closing: 0n })
    const nobody = { ...holding, owner: solana.createKeypair('nobody').address }
    expect(await transfers.balances(nobody, 0n, await transfers.head())).toEqual({ opening: 0n, closing: 0n })
  })

  test('what a stranger sponsors is a payment; what its owner pays the fee for is none', async () => {
    const { payer, payee, feePayer } = solana.accounts
    const paid = await sendSolana(solana, { from: payer, feePayer, to: payee.address, amount: 34_000n })
    const deposited = await sendSolana(solana, { from: payer, to: payee.address, amount: 5_000n })
    const withdrawn = await sendSolana(solana, { from: payee, to: payer.address, amount: 1_000n })
    const found = new Map((await all(transfers, holding)).map((transfer) => [transfer.transaction, transfer]))
    expect(found.size).toBe(3)
    expect(found.get(paid)).toMatchObject({
      direction: 'in',
      amount: 34_000n,
      counterparty: payer.address,
      payment: { key: expect.stringMatching(`^${SOLANA_DEVNET}:${payer.address}:[0-9a-f]{64}$`) },
    })
    expect(found.get(deposited)).toMatchObject({ direction: 'in', amount: 5_000n, counterparty: payer.address })
    expect(found.get(deposited)).not.toHaveProperty('payment')
    expect(found.get(withdrawn)).toMatchObject({ direction: 'out', amount: 1_000n, counterparty: payer.address })
    expect(await transfers.blockOf(paid)).toBe(found.get(paid)?.block)
    expect(await transfers.balances(holding, 0n, await transfers.head())).toEqual({ opening: 0n, closing: 38_000n })
  })

  test('only what lies between the slots is seen', async () => {
    const from = (await transfers.head()) + 1n
    solana.advance(2)
    const { payer, payee, feePayer } = solana.accounts
    const paid = await sendSolana(solana, { from: payer, feePayer, to: payee.address, amount: 1n })
    expect((await all(transfers, holding, from)).map(({ transaction }) => transaction)).toEqual([paid])
    expect(await transfers.balances(holding, from, await transfers.head())).toEqual({
      opening: 38_000n,
      closing: 38_001n,
    })
  })
})
