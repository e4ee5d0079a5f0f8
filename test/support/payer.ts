import { createWalletClient, defineChain, encodeFunctionData, erc20Abi, type Hex, http, parseAbi } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { EvmChain } from '../../devnet/evm/index.ts'

const CANCEL = parseAbi(['function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)'])

/** A wallet with a past of its own: what other tests left open with the payer of the world is not its business. */
export interface Payer {
  readonly address: Hex
  readonly privateKey: Hex
  /** An ordinary ERC-20 transfer; gives its hash, mined, whether it reverted or not. */
  transfer(asset: Hex, to: Hex, amount: bigint): Promise<Hex>
  /** Cancels an EIP-3009 authorization on chain. */
  cancel(asset: Hex, nonce: Hex): Promise<Hex>
}

export async function newPayer(evm: EvmChain): Promise<Payer> {
  const privateKey = generatePrivateKey()
  const account = privateKeyToAccount(privateKey)
  const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
  const rpcUrls = { default: { http: [evm.rpcUrl] } }
  const chain = defineChain({ id: evm.chainId, name: 'devnet', nativeCurrency, rpcUrls })
  const wallet = createWalletClient({ account, chain, transport: http(evm.rpcUrl) })
  await evm.fund(account.address, { usdc: 10_000_000n, tmai: 10n ** 18n, eth: 10n ** 18n })
  const send = async (to: Hex, data: Hex): Promise<Hex> => {
    // A limit of our own, so that what reverts is mined all the same.
    const hash = await wallet.sendTransaction({ to, data, gas: 200_000n })
    await evm.publicClient.waitForTransactionReceipt({ hash })
    return hash
  }
  return {
    address: account.address,
    privateKey,
    transfer: (asset, to, amount) =>
      send(asset, encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] })),
    async cancel(asset, nonce) {
      const signature = await account.signTypedData({
        domain: { name: 'USDC', version: '2', chainId: evm.chainId, verifyingContract: asset },
        types: {
          CancelAuthorization: [
            { name: 'authorizer', type: 'address' },
            { name: 'nonce', type: 'bytes32' },
          ],
        },
        primaryType: 'CancelAuthorization',
        message: { authorizer: account.address, nonce },
      })
      const args = [account.address, nonce, signature] as const
      return send(asset, encodeFunctionData({ abi: CANCEL, functionName: 'cancelAuthorization', args }))
    },
  }
}
