import { type Hex, parseAbi, parseEventLogs } from 'viem'
import type { Devnet } from '../../devnet/index.ts'

/** Tokens that went from one owner to another, as a chain has it. */
export interface Transfer {
  readonly asset: string
  readonly from: string
  readonly to: string
  readonly amount: bigint
}

/**
 * Every transfer of a transaction, asked of the chain.
 *
 * @throws when there is no such transaction, or it failed.
 */
export function transfersOf(devnet: Devnet, network: string, transaction: string): Promise<Transfer[]> {
  return network === devnet.solana.network ? onSolana(devnet, transaction) : onBase(devnet, transaction as Hex)
}

const events = parseAbi(['event Transfer(address indexed from, address indexed to, uint256 value)'])

async function onBase({ evm }: Devnet, hash: Hex): Promise<Transfer[]> {
  const { status, logs } = await evm.publicClient.getTransactionReceipt({ hash })
  if (status !== 'success') throw new Error(`${hash} was reverted`)
  return parseEventLogs({ abi: events, logs }).map(({ address, args }) => ({
    asset: address.toLowerCase(),
    from: args.from,
    to: args.to,
    amount: args.value,
  }))
}

interface TokenBalance {
  readonly mint: string
  readonly owner: string
  readonly uiTokenAmount: { readonly amount: string }
}

async function onSolana({ solana }: Devnet, signature: string): Promise<Transfer[]> {
  const params = [signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0, encoding: 'json' }]
  const response = await fetch(solana.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getTransaction', params }),
  })
  const { result } = (await response.json()) as {
    result: { meta: { err: unknown; preTokenBalances: TokenBalance[]; postTokenBalances: TokenBalance[] } } | null
  }
  if (!result || result.meta.err !== null) throw new Error(`${signature} is not on the chain, or failed`)
  const { preTokenBalances, postTokenBalances } = result.meta
  const changes = postTokenBalances.map(({ mint, owner, uiTokenAmount }) => {
    const before = preTokenBalances.find((one) => one.mint === mint && one.owner === owner)?.uiTokenAmount.amount ?? '0'
    return { asset: mint, owner, change: BigInt(uiTokenAmount.amount) - BigInt(before) }
  })
  const [loss] = changes.filter(({ change }) => change < 0n)
  return changes
    .filter(({ change }) => change > 0n)
    .map(({ asset, owner, change }) => ({ asset, from: loss?.owner ?? '', to: owner, amount: change }))
}
