import { Chain } from './chain.ts'
import { fillFaucet } from './faucet.ts'
import { type Keypair, keypairOf } from './keypair.ts'
import { serveRpc } from './rpc/server.ts'
import { addLamports, createMint, MINTS, mintTo, tokenAddress, tokenBalance } from './world.ts'

export type { Keypair } from './keypair.ts'

export interface SolanaOptions {
  /** 0 (the default) lets the system choose. */
  port?: number
  /** Where it listens; loopback by default. */
  host?: string
  /** From landing to `confirmed`; 0 confirms at once, Infinity never. */
  confirmMs?: number
  /** How often a block is produced. */
  slotMs?: number
}

/** Amounts to add, in atomic units. */
export interface SolanaFunds {
  sol?: bigint
  usdc?: bigint
  tmai?: bigint
}

/**
 * A Solana cluster of one node, in this process, with a world in it that x402 can be paid in.
 *
 * What a real cluster has besides: subscriptions over WebSocket, durable nonces, account state at older commitments
 * (here every read sees the newest), and fees for transactions that fail before they run (here those are dropped).
 */
export interface SolanaChain {
  rpcUrl: string
  network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
  accounts: { payer: Keypair; payee: Keypair; feePayer: Keypair }
  /** Mint addresses. */
  assets: { USDC: string; TMAI: string }
  /** What `owner` holds of a mint in its associated token account; 0 when it has none. */
  balanceOf(mint: string, owner: string): Promise<bigint>
  /** Adds funds at once, without a transaction. A token account is created even for an amount of 0n. */
  fund(owner: string, funds: SolanaFunds): Promise<void>
  /** The address of the token account `fund` fills. */
  tokenAccount(mint: string, owner: string): Promise<string>
  /** The same label gives the same key pair on every run. */
  createKeypair(label: string): Keypair
  /** Changes how long landed transactions wait for `confirmed`; those confirmed already stay so. */
  setConfirmDelay(ms: number): void
  /** Produces blocks now, so that a blockhash expires (151) or a transaction is final (32) without waiting. */
  advance(slots: number): void
  stop(): Promise<void>
}

const SOL = 1_000_000_000n
const TOKENS = 1_000_000n

/** Starts the cluster and resolves when it answers. */
export async function startSolana(options: SolanaOptions = {}): Promise<SolanaChain> {
  const { port = 0, host = '127.0.0.1', confirmMs = 0, slotMs = 400 } = options
  const chain = new Chain({ slotMs, confirmMs })
  const accounts = { payer: keypairOf('payer'), payee: keypairOf('payee'), feePayer: keypairOf('fee payer') }
  const fund = (owner: string, funds: SolanaFunds) => addFunds(chain, owner, funds)

  fillFaucet(chain)
  for (const mint of Object.values(MINTS)) createMint(chain, mint)
  await fund(accounts.payer.address, { sol: SOL / 10n, usdc: TOKENS * 10n ** 6n, tmai: TOKENS * 10n ** 9n })
  await fund(accounts.payee.address, { sol: SOL / 10n, usdc: 0n, tmai: 0n })
  await fund(accounts.feePayer.address, { sol: 1_000n * SOL })

  const server = await serveRpc(chain, port, host)
  const clock = setInterval(() => chain.produceBlock(), slotMs)
  clock.unref()

  return {
    rpcUrl: server.url,
    network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    accounts,
    assets: { USDC: MINTS.USDC.address, TMAI: MINTS.TMAI.address },
    balanceOf: (mint, owner) => tokenBalance(chain, mint, owner),
    fund,
    tokenAccount: (mint, owner) => tokenAddress(owner, mint),
    createKeypair: keypairOf,
    setConfirmDelay: (ms) => chain.blocks.setConfirmDelay(ms),
    advance(slots) {
      for (let slot = 0; slot < slots; slot++) chain.produceBlock()
    },
    async stop() {
      clearInterval(clock)
      await server.close()
    },
  }
}

async function addFunds(chain: Chain, owner: string, { sol, usdc, tmai }: SolanaFunds): Promise<void> {
  if (sol !== undefined) addLamports(chain, owner, sol)
  if (usdc !== undefined) await mintTo(chain, MINTS.USDC.address, owner, usdc)
  if (tmai !== undefined) await mintTo(chain, MINTS.TMAI.address, owner, tmai)
}
