import type { Description } from '../../devnet/description.ts'
import type { Payer, PayerOptions } from './payer.ts'
import { viemV1, viemV2 } from './viem.ts'
import { web3jsV2 } from './web3js.ts'
import { x402AxiosV1 } from './x402-axios-v1.ts'
import { x402AxiosV2 } from './x402-axios-v2.ts'
import { x402FetchV1, x402FetchV1Solana } from './x402-fetch-v1.ts'
import { x402FetchV2, x402FetchV2Solana } from './x402-fetch-v2.ts'

export { type Holdings, holdings } from './holdings.ts'
export type { CallInit, PaidAnswer, Payer, PayerOptions, Receipt, SentPayment } from './payer.ts'
export { replay } from './replay.ts'

/** Everybody who pays here. */
export const CLIENTS = [
  { name: '@x402/fetch (v2) on Base', open: x402FetchV2 },
  { name: '@x402/axios (v2) on Base', open: x402AxiosV2 },
  { name: 'x402-fetch (v1) on Base', open: x402FetchV1 },
  { name: 'x402-axios (v1) on Base', open: x402AxiosV1 },
  { name: 'viem alone (v2) on Base', open: viemV2 },
  { name: 'viem alone (v1) on Base', open: viemV1 },
  { name: '@x402/fetch (v2) on Solana', open: x402FetchV2Solana },
  { name: 'x402-fetch (v1) on Solana', open: x402FetchV1Solana },
  { name: '@solana/web3.js 1.x (v2) on Solana', open: web3jsV2 },
] as const

/** Opens all of them, in that order, with the wallets of a devnet. */
export function openPayers(world: Description, options: PayerOptions = {}): Promise<Payer[]> {
  return Promise.all(CLIENTS.map(({ open }) => open(world, options)))
}
