import { PERMIT2_ADDRESS, permit2WitnessTypes, x402ExactPermit2ProxyABI, x402ExactPermit2ProxyAddress } from '@x402/evm'
import { createWalletClient, erc20Abi, type Hex, http, maxUint256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EvmChain, startEvm } from '../../devnet/evm/index.ts'
import { type CalledTransaction, type Permit2Transfer, permit2ProvenBy } from '../../src/adapters/evm/permit2.ts'
import { type EvmReceipt, receipt as receiptShape } from '../../src/adapters/evm/shapes.ts'
import { atomicUnits, type Caip2 } from '../../src/domain/ids.ts'

const AMOUNT = 34_000n
const NONCE = 0x1234_5678_9abcn

describe('a payment by Permit2, settled through the real Permit2 and the x402 proxy', () => {
  let evm: EvmChain
  let receipt: EvmReceipt
  let transaction: CalledTransaction
  let transfer: Permit2Transfer

  beforeAll(async () => {
    evm = await startEvm()
    const payer = privateKeyToAccount(evm.accounts.payer.privateKey)
    const wallet = (account: typeof payer) => createWalletClient({ account, transport: http(evm.rpcUrl) })
    const token = evm.assets.TMAI
    const to = evm.accounts.payee.address
    await wallet(payer).writeContract({
      chain: null,
      address: token,
      abi: erc20Abi,
      functionName: 'approve',
      args: [PERMIT2_ADDRESS, maxUint256],
    })
    const permit = { permitted: { token, amount: AMOUNT }, nonce: NONCE, deadline: maxUint256 }
    const witness = { to, validAfter: 0n }
    const signature = await payer.signTypedData({
      domain: { name: 'Permit2', chainId: evm.chainId, verifyingContract: PERMIT2_ADDRESS },
      types: permit2WitnessTypes,
      primaryType: 'PermitWitnessTransferFrom',
      message: { ...permit, spender: x402ExactPermit2ProxyAddress, witness },
    })
    const hash = await wallet(privateKeyToAccount(evm.accounts.relayer.privateKey)).writeContract({
      chain: null,
      address: x402ExactPermit2ProxyAddress,
      abi: x402ExactPermit2ProxyABI,
      functionName: 'settle',
      args: [permit, payer.address, witness, signature],
    })
    await evm.publicClient.waitForTransactionReceipt({ hash })
    const ask = (method: 'eth_getTransactionReceipt' | 'eth_getTransactionByHash') =>
      evm.publicClient.request({ method, params: [hash] } as { method: 'eth_getTransactionByHash'; params: [Hex] })
    receipt = receiptShape.parse(await ask('eth_getTransactionReceipt'))
    transaction = (await ask('eth_getTransactionByHash')) as CalledTransaction
    transfer = {
      network: evm.network as Caip2,
      asset: token,
      from: payer.address.toLowerCase(),
      to: to.toLowerCase(),
      amount: atomicUnits(AMOUNT),
      nonce: NONCE,
    }
  })
  afterAll(() => evm?.stop())

  test('is proven by the exact Transfer and the nonce in the calldata', () => {
    expect(permit2ProvenBy(receipt, transaction, transfer)).toEqual({
      network: evm.network,
      asset: transfer.asset,
      payer: evm.accounts.payer.address,
      payTo: evm.accounts.payee.address,
      amount: AMOUNT,
      transaction: receipt.transactionHash,
      block: String(receipt.blockNumber),
    })
  })

  test.each<[string, (from: typeof transfer) => Partial<Permit2Transfer>]>([
    ['another nonce', () => ({ nonce: NONCE + 1n })],
    ['another amount', () => ({ amount: atomicUnits(AMOUNT + 1n) })],
    ['another payer', ({ to }) => ({ from: to })],
    ['another payee', ({ from }) => ({ to: from })],
    ['another token', () => ({ asset: evm.assets.USDC })],
  ])('proves no payment with %s', (_, other) => {
    expect(permit2ProvenBy(receipt, transaction, { ...transfer, ...other(transfer) })).toBeUndefined()
  })

  test.each(['asset', 'from', 'to'] as const)('proves nothing when the calldata names another %s', (what) => {
    const other = '9'.repeat(40)
    const input = transaction.input.replace(transfer[what].slice(2).toLowerCase(), other)
    expect(input).not.toBe(transaction.input)
    expect(permit2ProvenBy(receipt, { ...transaction, input }, transfer)).toBeUndefined()
  })

  test('proves nothing when it failed, moved nothing, or called something else', () => {
    expect(permit2ProvenBy({ ...receipt, status: '0x0' }, transaction, transfer)).toBeUndefined()
    expect(permit2ProvenBy({ ...receipt, logs: [] }, transaction, transfer)).toBeUndefined()
    expect(permit2ProvenBy(receipt, { ...transaction, to: evm.assets.TMAI }, transfer)).toBeUndefined()
    expect(permit2ProvenBy(receipt, { ...transaction, input: '0x' }, transfer)).toBeUndefined()
    expect(permit2ProvenBy(receipt, { ...transaction, hash: `0x${'1'.repeat(64)}` }, transfer)).toBeUndefined()
  })
})
