import { signedDigest } from '../adapters/evm/signed.ts'
import { openRpc } from '../adapters/rpc.ts'
import { isSolana } from '../domain/chains.ts'
import type { GrantParts } from '../operate/grant.ts'
import type { Pricing } from '../pricing/schema.ts'

/** Tells what was signed for a payment by the transaction that settled it. */
export function signedOn({ networks, assets }: Pricing): GrantParts['signed'] {
  return async (key, { network, asset, transaction, amount }) => {
    const nonce = key.slice(key.lastIndexOf(':') + 1)
    // On Solana the message's hash is all that was signed.
    if (isSolana(network)) return nonce
    const [name, config] = Object.entries(networks).find(([, { id }]) => id === network) ?? []
    const token = Object.values(assets)
      .map(({ on }) => on[name ?? ''])
      .find((one) => one && 'eip712' in one && one.address === asset)
    if (amount === 0n || !config || !token || !('eip712' in token)) return undefined
    const rpc = openRpc(config.rpc)
    try {
      const chainId = BigInt(network.slice('eip155:'.length))
      const domain = { ...token.eip712, chainId, verifyingContract: token.address }
      return await signedDigest(rpc, domain, transaction, nonce)
    } finally {
      await rpc.close()
    }
  }
}
