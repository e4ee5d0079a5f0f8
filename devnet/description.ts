import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { EvmAccount, EvmChain } from './evm/index.ts'
import type { Keypair, SolanaChain } from './solana/index.ts'

/** What stands in `.devnet/devnet.json`: where everything is, and the keys of a payer that has funds. */
export interface Description {
  gateway: string
  /** Null until there is an admin API. */
  admin: string | null
  upstream: string
  /** A Redis URL, or `lmdb:<directory>`. */
  store: string
  evm: {
    rpcUrl: string
    chainId: number
    network: string
    payTo: string
    payer: EvmAccount
    assets: Record<string, string>
  }
  solana: {
    rpcUrl: string
    network: string
    payTo: string
    payer: Keypair
    assets: Record<string, string>
  }
}

export function describe(parts: {
  gateway: string
  upstream: string
  store: string
  evm: EvmChain
  solana: SolanaChain
}): Description {
  const { gateway, upstream, store, evm, solana } = parts
  return {
    gateway,
    admin: null,
    upstream,
    store,
    evm: {
      rpcUrl: evm.rpcUrl,
      chainId: evm.chainId,
      network: evm.network,
      payTo: evm.accounts.payee.address,
      payer: evm.accounts.payer,
      assets: evm.assets,
    },
    solana: {
      rpcUrl: solana.rpcUrl,
      network: solana.network,
      payTo: solana.accounts.payee.address,
      payer: solana.accounts.payer,
      assets: solana.assets,
    },
  }
}

/** Writes the file whole or not at all: whoever waits for it may read it as soon as it is there. */
export function writeDescription(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.tmp`
  writeFileSync(unfinished, text)
  renameSync(unfinished, file)
}

/** Removes the file unless somebody else has written another one since. */
export function removeDescription(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) rmSync(file, { force: true })
}
