import { getAddress, keccak256 } from 'viem'
import type { Wallets } from '../../ports/wallets.ts'
import { recoverAddress, splitSignature } from './eip712.ts'

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const SIGNATURE = /^0x[0-9a-fA-F]{130}$/

/** Keys of EVM accounts, which sign texts by EIP-191 version 0x45 (`personal_sign`). */
export const evmWallets: Wallets = {
  address: (text) => (ADDRESS.test(text) ? getAddress(text.toLowerCase()) : undefined),
  signed(address, text, signature) {
    const split = SIGNATURE.test(signature) ? splitSignature(Buffer.from(signature.slice(2), 'hex')) : undefined
    return split !== undefined && recoverAddress(personalDigest(text), split) === address.toLowerCase()
  },
}

function personalDigest(text: string): Uint8Array {
  const message = Buffer.from(text)
  const head = Buffer.from(`\x19Ethereum Signed Message:\n${message.length}`)
  return keccak256(Buffer.concat([head, message]), 'bytes')
}
