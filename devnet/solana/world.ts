import { type Address, none } from '@solana/kit'
import { AccountState, findAssociatedTokenPda, getMintEncoder, getTokenEncoder } from '@solana-program/token'
import type { Chain } from './chain.ts'
import { keypairOf } from './keypair.ts'
import { SYSTEM, TOKEN } from './programs.ts'
import { asMint, asToken } from './token.ts'

/** Mints as real as on devnet: SPL Token, without freeze authority. USDC stands at Circle's own address. */
export const MINTS = {
  USDC: { address: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', decimals: 6 },
  TMAI: { address: keypairOf('mint TMAI').address, decimals: 9 },
} as const

export type Symbol = keyof typeof MINTS

export function createMint(chain: Chain, { address, decimals }: { address: string; decimals: number }): void {
  const mintAuthority = keypairOf('mint authority').address as Address
  const data = getMintEncoder().encode({
    mintAuthority,
    supply: 0n,
    decimals,
    isInitialized: true,
    freezeAuthority: none(),
  })
  setTokenData(chain, address, data)
}

export async function tokenAddress(owner: string, mint: string): Promise<string> {
  const seeds = { owner: owner as Address, mint: mint as Address, tokenProgram: TOKEN as Address }
  return (await findAssociatedTokenPda(seeds))[0]
}

/** Adds to an owner's associated token account, which is created when missing, and to the supply. */
export async function mintTo(chain: Chain, mint: string, owner: string, amount: bigint): Promise<void> {
  const address = await tokenAddress(owner, mint)
  const supply = asMint(chain.svm.getAccount(mint))
  if (supply === null) throw new Error(`${mint} is not a mint`)
  const held = asToken(chain.svm.getAccount(address))
  setTokenData(chain, mint, getMintEncoder().encode({ ...supply, supply: supply.supply + amount }))
  const account = held ?? emptyAccount(mint, owner)
  setTokenData(chain, address, getTokenEncoder().encode({ ...account, amount: account.amount + amount }))
}

export async function tokenBalance(chain: Chain, mint: string, owner: string): Promise<bigint> {
  return asToken(chain.svm.getAccount(await tokenAddress(owner, mint)))?.amount ?? 0n
}

export function addLamports(chain: Chain, address: string, lamports: bigint): void {
  const account = chain.svm.getAccount(address) ?? {
    lamports: 0n,
    owner: SYSTEM,
    executable: false,
    data: new Uint8Array(),
  }
  const { owner, executable, data } = account
  chain.svm.setAccount(address, { lamports: account.lamports + lamports, owner, executable, data })
}

const emptyAccount = (mint: string, owner: string) => ({
  mint: mint as Address,
  owner: owner as Address,
  amount: 0n,
  delegate: none<Address>(),
  state: AccountState.Initialized,
  isNative: none<bigint>(),
  delegatedAmount: 0n,
  closeAuthority: none<Address>(),
})

function setTokenData(chain: Chain, address: string, encoded: ArrayLike<number>): void {
  const data = Uint8Array.from(encoded)
  chain.svm.setAccount(address, {
    lamports: chain.svm.rentExemption(data.length),
    owner: TOKEN,
    executable: false,
    data,
  })
}
