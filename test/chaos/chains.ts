import { createHash } from 'node:crypto'
import { erc20Abi, parseAbiItem, parseEventLogs } from 'viem'
import type { EvmChain } from '../../devnet/evm/index.ts'
import type { SolanaChain } from '../../devnet/solana/index.ts'
import { encode, signBase, type WireOffer } from '../support/evm-payment.ts'
import { rpc, signSolana } from '../support/solana-client.ts'
import type { PaymentId } from './history.ts'

/** A payment as an agent signed it. */
export interface Signed {
  readonly id: PaymentId
  /** The canonical key under which the gateway knows it. */
  readonly key: string
  readonly header: string
}

/** A transfer to the payee that an authorization moved. */
export interface Moved {
  readonly id: PaymentId
  readonly transaction: string
  readonly amount: bigint
}

/** A chain as it is seen from outside the gateway, and a wallet on it. */
export interface Chain {
  readonly network: string
  readonly asset: string
  /** Where the gateway reaches it, before anything stands in between. */
  readonly rpcUrl: string
  sign(offer: WireOffer): Promise<Signed>
  /** What was moved since a mark. */
  moved(since: Mark): Promise<Moved[]>
  mark(): Promise<Mark>
  /** What the payee holds. */
  balance(): Promise<bigint>
}

/** The newest block, or the newest signature. */
export type Mark = string

const AUTHORIZATION_USED = parseAbiItem('event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)')

export function baseChain(evm: EvmChain): Chain {
  const { USDC } = evm.assets
  const payee = evm.accounts.payee.address
  const { payer } = evm.accounts
  return {
    network: evm.network,
    asset: USDC,
    rpcUrl: evm.rpcUrl,
    async sign(offer) {
      const { v2 } = await signBase({ privateKey: payer.privateKey, offer })
      const { nonce } = v2.payload.authorization
      const key = `${evm.network}:${USDC}:${payer.address}:${nonce}`.toLowerCase()
      return { id: nonce, key, header: encode(v2) }
    },
    async moved(since) {
      const known = BigInt(since)
      const logs = (await evm.publicClient.getLogs({ address: USDC, fromBlock: known })).filter(
        ({ blockNumber }) => blockNumber > known,
      )
      const used = parseEventLogs({ abi: [AUTHORIZATION_USED], logs })
      const transfers = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs })
      return used.flatMap(({ args, transactionHash }) =>
        transfers
          .filter((one) => one.transactionHash === transactionHash && one.args.to === payee)
          .map((one) => ({ id: args.nonce, transaction: transactionHash, amount: one.args.value })),
      )
    },
    mark: async () => String(await evm.publicClient.getBlockNumber({ cacheTime: 0 })),
    balance: () => evm.balanceOf(USDC, payee),
  }
}

export async function solanaChain(solana: SolanaChain): Promise<Chain> {
  const { USDC } = solana.assets
  const payee = solana.accounts.payee.address
  const account = await solana.tokenAccount(USDC, payee)
  const call = <T>(method: string, params: readonly unknown[]) => rpc<T>(solana.rpcUrl, method, params)
  const newest = async (options: object) =>
    call<{ signature: string; err: unknown }[]>('getSignaturesForAddress', [account, options])
  return {
    network: solana.network,
    asset: USDC,
    rpcUrl: solana.rpcUrl,
    async sign(offer) {
      const { v2 } = await signSolana(solana, offer)
      const id = messageHash(Buffer.from(v2.payload.transaction, 'base64'))
      return { id, key: `${solana.network}:${solana.accounts.payer.address}:${id}`, header: encode(v2) }
    },
    async moved(since) {
      const landed = await newest({ ...(since && { until: since }), commitment: 'confirmed' })
      const read = landed
        .filter(({ err }) => err === null)
        .map(async ({ signature }) => {
          const options = { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 }
          const found = await call<Landed | null>('getTransaction', [signature, options])
          if (!found) throw new Error(`${signature} is listed and not there`)
          const amount = held(found, 'postTokenBalances', payee) - held(found, 'preTokenBalances', payee)
          return { id: messageHash(Buffer.from(found.transaction[0], 'base64')), transaction: signature, amount }
        })
      return Promise.all(read)
    },
    mark: async () => (await newest({ limit: 1, commitment: 'confirmed' }))[0]?.signature ?? '',
    balance: () => solana.balanceOf(USDC, payee),
  }
}

interface Landed {
  readonly transaction: readonly [wire: string, encoding: string]
  readonly meta: Record<'preTokenBalances' | 'postTokenBalances', readonly TokenBalance[]>
}

interface TokenBalance {
  readonly owner: string
  readonly uiTokenAmount: { readonly amount: string }
}

const held = ({ meta }: Landed, when: 'preTokenBalances' | 'postTokenBalances', owner: string): bigint =>
  BigInt(meta[when].find((balance) => balance.owner === owner)?.uiTokenAmount.amount ?? 0)

/** SHA-256 of what follows the signatures; a payment has fewer than 128 of them, so that their count is one byte. */
function messageHash(wire: Buffer): string {
  const signatures = wire[0] ?? 0
  return createHash('sha256')
    .update(wire.subarray(1 + 64 * signatures))
    .digest('hex')
}
