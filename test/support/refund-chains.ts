import type { Address } from 'viem'
import { startEvm } from '../../devnet/evm/index.ts'
import { startSolana } from '../../devnet/solana/index.ts'
import { evmTreasury } from '../../src/adapters/evm/treasury.ts'
import { openRpc } from '../../src/adapters/rpc.ts'
import { solanaTreasury } from '../../src/adapters/solana/treasury.ts'
import type { Caip2 } from '../../src/domain/ids.ts'
import type { Treasury } from '../../src/ports/treasury.ts'

/** A real chain on which refunds are paid. */
export interface RefundChain {
  readonly network: Caip2
  readonly asset: string
  readonly payer: string
  /** Each call opens another one with the same key; `poor` has no tokens. */
  treasury(kind?: 'rich' | 'poor'): Treasury
  /** What the payer holds. */
  held(): Promise<bigint>
  /** From now on what is sent waits, until it is let go. */
  hold(): Promise<() => Promise<void>>
  /** Lets time pass until bytes that were prepared and never sent can never land. */
  outlive(): Promise<void>
  stop(): Promise<void>
}

export async function refundsOnBase(): Promise<RefundChain> {
  const evm = await startEvm()
  const { payer, facilitator, stranger } = evm.accounts
  await evm.fund(facilitator.address, { usdc: 10n ** 9n })
  const network = evm.network as Caip2
  return {
    network,
    asset: evm.assets.USDC,
    payer: payer.address,
    treasury: (kind = 'rich') =>
      evmTreasury({
        network,
        rpc: openRpc(evm.rpcUrl),
        key: kind === 'rich' ? facilitator.privateKey : stranger.privateKey,
      }),
    held: () => evm.balanceOf(evm.assets.USDC, payer.address as Address),
    async hold() {
      await evm.testClient.setAutomine(false)
      return async () => {
        await evm.testClient.setAutomine(true)
        await evm.testClient.mine({ blocks: 1 })
      }
    },
    async outlive() {
      await evm.testClient.impersonateAccount({ address: facilitator.address })
      const { address } = facilitator
      await evm.testClient.request({
        method: 'eth_sendTransaction',
        params: [{ from: address, to: address, value: '0x0' }],
      } as never)
      await evm.testClient.mine({ blocks: 100 })
    },
    stop: () => evm.stop(),
  }
}

export async function refundsOnSolana(): Promise<RefundChain> {
  const solana = await startSolana()
  const { payer } = solana.accounts
  const [rich, poor] = [solana.createKeypair('treasury'), solana.createKeypair('poor treasury')]
  await solana.fund(rich.address, { sol: 10n ** 9n, usdc: 10n ** 9n })
  await solana.fund(poor.address, { sol: 10n ** 9n, usdc: 0n })
  const network = solana.network as Caip2
  return {
    network,
    asset: solana.assets.USDC,
    payer: payer.address,
    treasury: (kind = 'rich') =>
      solanaTreasury({ network, rpc: openRpc(solana.rpcUrl), key: (kind === 'rich' ? rich : poor).secretKey }),
    held: () => solana.balanceOf(solana.assets.USDC, payer.address),
    async hold() {
      solana.setConfirmDelay(Number.POSITIVE_INFINITY)
      return async () => solana.setConfirmDelay(0)
    },
    outlive: async () => solana.advance(230),
    stop: () => solana.stop(),
  }
}
