import {
  type Address,
  createPublicClient,
  createTestClient,
  defineChain,
  erc20Abi,
  http,
  type PublicClient,
  type TestClient,
  toHex,
} from 'viem'
import { ACCOUNTS } from './accounts.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { batch } from './batch.ts'
import { createWorld, TMAI, USDC } from './genesis.ts'

export type { EvmAccount } from './accounts.ts'

export interface EvmOptions {
  /** 0 (the default) lets the system choose. */
  port?: number
  /** Where it listens; loopback by default. */
  host?: string
  /** 84532 (Base Sepolia, the default) or 8453 (Base). */
  chainId?: number
  /** Seconds between blocks; without it, each transaction is mined at once in a block of its own. */
  blockTime?: number
}

/** Amounts to add, in atomic units. */
export interface EvmFunds {
  usdc?: bigint
  tmai?: bigint
  eth?: bigint
}

/** An anvil with a world on it that x402 can be paid in. */
export interface EvmChain {
  rpcUrl: string
  chainId: number
  /** CAIP-2, e.g. `eip155:84532`. */
  network: `eip155:${number}`
  /** Accounts with 10,000 ETH each; the payer also has 1,000,000 USDC and 1,000,000 TMAI. */
  accounts: typeof ACCOUNTS
  assets: { USDC: Address; TMAI: Address }
  publicClient: PublicClient
  /** Anvil's own methods: mining, snapshots, impersonation, reorganisations. */
  testClient: TestClient<'anvil'>
  balanceOf(asset: Address, owner: Address): Promise<bigint>
  /** Adds funds at once, without a transaction, so that it neither waits for a block nor uses up a nonce. */
  fund(owner: Address, funds: EvmFunds): Promise<void>
  /** Resolves only when the node ends without having been asked to, with one line. */
  crashed: Promise<string>
  stop(): Promise<void>
}

/** Starts the chain and resolves when its world stands. */
export async function startEvm(options: EvmOptions = {}): Promise<EvmChain> {
  const { port = 0, host = '127.0.0.1', chainId = 84532, blockTime } = options
  const anvil = await startAnvil(port, chainId, host)
  try {
    await createWorld(anvil.url, chainId)
    return await chainAt(anvil, chainId, blockTime)
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

async function chainAt({ url: rpcUrl, crashed, stop }: Anvil, chainId: number, blockTime: number | undefined) {
  const chain = defineChain({
    id: chainId,
    name: 'devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
    contracts: { multicall3: { address: '0xcA11bde05977b3631167028862bE2a173976CA11' } },
  })
  const transport = http(rpcUrl)
  const publicClient: PublicClient = createPublicClient({ chain, transport, pollingInterval: 50 })
  const testClient: TestClient<'anvil'> = createTestClient({ chain, transport, mode: 'anvil' })
  if (blockTime !== undefined) await testClient.setIntervalMining({ interval: blockTime })

  const assets = { USDC: USDC[chainId] ?? TMAI, TMAI }
  const balanceOf = (asset: Address, owner: Address) =>
    publicClient.readContract({ address: asset, abi: erc20Abi, functionName: 'balanceOf', args: [owner] })
  const deal = async (asset: Address, owner: Address, amount: bigint) => {
    const balance = (await balanceOf(asset, owner)) + amount
    await batch(rpcUrl, [{ method: 'anvil_dealERC20', params: [owner, asset, toHex(balance)] }])
  }
  return {
    rpcUrl,
    chainId,
    network: `eip155:${chainId}`,
    accounts: ACCOUNTS,
    assets,
    publicClient,
    testClient,
    balanceOf,
    async fund(owner, { usdc, tmai, eth }) {
      if (usdc !== undefined) await deal(assets.USDC, owner, usdc)
      if (tmai !== undefined) await deal(assets.TMAI, owner, tmai)
      if (eth === undefined) return
      const held = await publicClient.getBalance({ address: owner })
      await testClient.setBalance({ address: owner, value: held + eth })
    },
    crashed,
    stop,
  } satisfies EvmChain
}
