import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Address, concat, encodeDeployData, encodeFunctionData, getContractAddress, type Hex, toHex } from 'viem'
import { artifact } from '../../contracts/index.ts'
import { ACCOUNTS } from './accounts.ts'
import { batch, type RpcCall } from './batch.ts'

/** Circle's own addresses. */
export const USDC: Record<number, Address> = {
  8453: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
  84532: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
}

/** The deployer's first contract: the address depends on nothing else. */
export const TMAI: Address = getContractAddress({ from: ACCOUNTS.deployer.address, nonce: 0n })

const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11'
const X402_EXACT_PROXY: Address = '0x402085c248EeA27D92E8b30b2C58ed07f9E20001'
const X402_UPTO_PROXY: Address = '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002'
/** Arachnid's deployer, which anvil has from the start. */
const CREATE2_DEPLOYER: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C'

const TMAI_SUPPLY = 10n ** 9n * 10n ** 18n
const PAYER_USDC = 1_000_000n * 10n ** 6n
const PAYER_TMAI = 1_000_000n * 10n ** 18n

const require = createRequire(import.meta.url)

/** Viem keeps Multicall3's creation code, which has neither arguments nor immutables; past its prologue it is the runtime. */
function multicall3Runtime(): Hex {
  const file = join(dirname(require.resolve('viem')), 'constants', 'contracts.js')
  const { multicall3Bytecode } = require(file) as { multicall3Bytecode: Hex }
  return `0x${multicall3Bytecode.slice(2 + 2 * 32)}`
}

/** Puts the world of Base on an empty anvil that mines at once: tokens, Permit2, the x402 proxies, Multicall3. */
export async function createWorld(url: string, chainId: number): Promise<void> {
  const usdc = USDC[chainId]
  if (usdc === undefined) throw new Error(`no USDC is known on chain ${chainId}: use ${Object.keys(USDC).join(' or ')}`)
  const fiatToken = artifact('FiatTokenLike')
  const tmai = artifact('Tmai')
  const permit2 = artifact('Permit2')
  const deployer = ACCOUNTS.deployer.address
  const payer = ACCOUNTS.payer.address

  await batch(url, [
    setCode(usdc, fiatToken.runtime),
    setCode(MULTICALL3, multicall3Runtime()),
    setCode(X402_EXACT_PROXY, artifact('X402ExactPermit2Proxy').runtime),
    setCode(X402_UPTO_PROXY, artifact('X402UptoPermit2Proxy').runtime),
  ])
  const transfer = encodeFunctionData({ abi: tmai.abi, functionName: 'transfer', args: [payer, PAYER_TMAI] })
  const mint = encodeFunctionData({ abi: fiatToken.abi, functionName: 'mint', args: [payer, PAYER_USDC] })
  const transactions = [
    { data: encodeDeployData({ abi: tmai.abi, bytecode: tmai.bytecode, args: [deployer, TMAI_SUPPLY] }) },
    { to: CREATE2_DEPLOYER, data: concat([permit2.salt, permit2.bytecode]) },
    { to: TMAI, data: transfer },
    { to: usdc, data: mint },
  ]
  const hashes = await batch(
    url,
    transactions.map((transaction, nonce) => ({
      method: 'eth_sendTransaction',
      // Gas is named, because an estimate could not see the transactions before it.
      params: [{ from: deployer, nonce: toHex(nonce), gas: toHex(6_000_000), ...transaction }],
    })),
  )
  await assertMined(url, hashes)
}

async function assertMined(url: string, hashes: readonly unknown[]): Promise<void> {
  const calls = hashes.map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] }))
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const receipts = (await batch(url, calls)) as ({ status: Hex } | null)[]
    if (receipts.some((receipt) => receipt !== null && receipt.status !== '0x1')) break
    if (receipts.every((receipt) => receipt !== null)) return
  }
  throw new Error('a transaction of the genesis failed')
}

const setCode = (address: Address, code: Hex): RpcCall => ({ method: 'anvil_setCode', params: [address, code] })
