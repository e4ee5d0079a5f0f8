import { type Address, createSolanaRpc } from '@solana/kit'
import { findAssociatedTokenPda, TOKEN_PROGRAM_ADDRESS } from '@solana-program/token'
import { createPublicClient, erc20Abi, type Hex, http } from 'viem'
import type { Description } from '../../devnet/description.ts'
import type { Payer } from './payer.ts'

/** In atomic units. */
export interface Holdings {
  readonly payer: bigint
  readonly payee: bigint
}

/** What payer and payee hold of the asset now, asked of the chain itself. */
export async function holdings(world: Description, { network, asset, address }: Payer): Promise<Holdings> {
  const onSolana = network === world.solana.network
  const { rpcUrl, payTo } = onSolana ? world.solana : world.evm
  const balance = onSolana ? solanaBalance : evmBalance
  const [payer, payee] = await Promise.all([balance(rpcUrl, asset, address), balance(rpcUrl, asset, payTo)])
  return { payer, payee }
}

function evmBalance(rpcUrl: string, asset: string, owner: string): Promise<bigint> {
  const chain = createPublicClient({ transport: http(rpcUrl) })
  return chain.readContract({
    address: asset as Hex,
    abi: erc20Abi,
    functionName: 'balanceOf',
    args: [owner as Hex],
  })
}

async function solanaBalance(rpcUrl: string, mint: string, owner: string): Promise<bigint> {
  const seeds = { owner: owner as Address, mint: mint as Address, tokenProgram: TOKEN_PROGRAM_ADDRESS }
  const [account] = await findAssociatedTokenPda(seeds)
  const rpc = createSolanaRpc(rpcUrl)
  const { value } = await rpc.getTokenAccountBalance(account, { commitment: 'confirmed' }).send()
  return BigInt(value.amount)
}
