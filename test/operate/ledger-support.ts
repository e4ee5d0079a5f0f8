import {
  appendTransactionMessageInstructions,
  createKeyPairSignerFromBytes,
  createTransactionMessage,
  getBase58Encoder,
  getBase64EncodedWireTransaction,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit'
import { type Address, encodeFunctionData, erc20Abi, type Hex, parseAbi } from 'viem'
import type { EvmChain } from '../../devnet/evm/index.ts'
import type { Keypair, SolanaChain } from '../../devnet/solana/index.ts'
import { rpc } from '../support/solana-client.ts'
import { computeLimit, computePrice, memo, transfer } from '../support/solana-payment.ts'

const EIP3009 = parseAbi([
  'function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)',
])

/** Sends a transaction from one of the chain's own accounts, and gives its hash once it is mined. */
export async function sendEvm({ rpcUrl, publicClient }: EvmChain, from: string, to: string, data: Hex): Promise<Hex> {
  const hash = await rpc<Hex | undefined>(rpcUrl, 'eth_sendTransaction', [{ from, to, data, gas: '0x7a120' }])
  if (!hash) throw new Error('the node refused the transaction')
  const { status } = await publicClient.waitForTransactionReceipt({ hash })
  if (status !== 'success') throw new Error(`${hash} was reverted`)
  return hash
}

/** A plain transfer of tokens, as wallets make them. */
export function sendToken(evm: EvmChain, asset: Address, from: string, to: Address, amount: bigint): Promise<Hex> {
  return sendEvm(evm, from, asset, encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] }))
}

/** Submits an authorization, as anybody may who has seen it (EIP-3009). */
export function submitAuthorization(
  evm: EvmChain,
  { authorization, signature }: { authorization: Record<string, string>; signature: Hex },
): Promise<Hex> {
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  const numbers = [value, validAfter, validBefore].map((text) => BigInt(text ?? 0)) as [bigint, bigint, bigint]
  const args = [from as Hex, to as Hex, ...numbers, nonce as Hex, signature] as const
  const data = encodeFunctionData({ abi: EIP3009, functionName: 'transferWithAuthorization', args })
  return sendEvm(evm, evm.accounts.stranger.address, evm.assets.USDC, data)
}

/** A transfer of USDC: sponsored by another fee payer as a payment is, or paid for by its owner as wallets do. */
export async function sendSolana(
  chain: SolanaChain,
  { from, feePayer = from, to, amount }: { from: Keypair; feePayer?: Keypair; to: string; amount: bigint },
): Promise<string> {
  const [owner, sponsor] = await Promise.all(
    [from, feePayer].map(({ secretKey }) => createKeyPairSignerFromBytes(getBase58Encoder().encode(secretKey))),
  )
  if (!owner || !sponsor) throw new Error('no signers')
  const instructions = [
    computeLimit(20_000),
    computePrice(1),
    await transfer({ payer: owner, amount, mint: chain.assets.USDC, payTo: to }),
    memo(crypto.randomUUID()),
  ]
  const { value } = await rpc<{ value: Parameters<typeof setTransactionMessageLifetimeUsingBlockhash>[0] }>(
    chain.rpcUrl,
    'getLatestBlockhash',
  )
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayerSigner(from === feePayer ? owner : sponsor, draft),
    (draft) => appendTransactionMessageInstructions(instructions, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(value, draft),
  )
  const wire = getBase64EncodedWireTransaction(await signTransactionMessageWithSigners(message))
  return rpc<string>(chain.rpcUrl, 'sendTransaction', [wire, { encoding: 'base64', preflightCommitment: 'confirmed' }])
}
