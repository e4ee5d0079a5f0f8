import { encodeFunctionData, type Hex, parseAbi } from 'viem'
import type { EvmChain } from '../../devnet/evm/index.ts'
import { rpc } from './solana-client.ts'

const TRANSFER = parseAbi([
  'function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)',
])

/** Submits an authorization as anybody may who has seen it (EIP-3009). */
export async function submit(
  evm: EvmChain,
  { authorization, signature }: { authorization: Record<string, string>; signature: Hex },
): Promise<void> {
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  const numbers = [value, validAfter, validBefore].map((text) => BigInt(text ?? 0)) as [bigint, bigint, bigint]
  const data = encodeFunctionData({
    abi: TRANSFER,
    functionName: 'transferWithAuthorization',
    args: [from as Hex, to as Hex, ...numbers, nonce as Hex, signature],
  })
  await rpc(evm.rpcUrl, 'eth_sendTransaction', [
    { from: evm.accounts.stranger.address, to: evm.assets.USDC, data, gas: '0x30d40' },
  ])
}
