import { setTimeout as sleep } from 'node:timers/promises'
import { createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { expect, test } from 'vitest'
import { type EvmChain, startEvm } from '../../../devnet/evm/index.ts'

const payment = (chain: EvmChain) =>
  createWalletClient({
    account: privateKeyToAccount(chain.accounts.payer.privateKey),
    chain: baseSepolia,
    transport: http(chain.rpcUrl),
  }).sendTransaction({ to: chain.accounts.payee.address, value: 1n })

const receiptOf = (chain: EvmChain, hash: `0x${string}`) =>
  chain.publicClient.getTransactionReceipt({ hash }).catch(() => undefined)

test('without a block time a transaction is mined at once', async () => {
  const chain = await startEvm()
  const hash = await payment(chain)
  // The node answers with the hash a moment before the block is there.
  await expect.poll(() => receiptOf(chain, hash)).toMatchObject({ status: 'success' })
  await chain.stop()
})

test('with a block time a transaction waits for its block, and blocks become final without transactions', async () => {
  const chain = await startEvm({ blockTime: 1 })
  // Just after a block, so that the next one is a whole second away.
  const height = await chain.publicClient.getBlockNumber({ cacheTime: 0 })
  await expect
    .poll(() => chain.publicClient.getBlockNumber({ cacheTime: 0 }), { timeout: 5_000 })
    .toBeGreaterThan(height)
  const hash = await payment(chain)
  expect(await receiptOf(chain, hash)).toBeUndefined()
  const { blockNumber } = await chain.publicClient.waitForTransactionReceipt({ hash })
  const finalized = async () => (await chain.publicClient.getBlock({ blockTag: 'finalized' })).number
  expect(await finalized()).toBeLessThan(blockNumber)
  for (let n = 0; n < 50 && (await finalized()) < blockNumber; n++) await sleep(100)
  expect(await finalized()).toBeGreaterThanOrEqual(blockNumber)
  await chain.stop()
})
