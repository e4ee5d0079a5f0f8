import type { Address, Hex } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'

export interface EvmAccount {
  address: Address
  privateKey: Hex
}

/** Keys of the mnemonic that every anvil starts with: known to the whole world, and worth nothing anywhere else. */
const account = (privateKey: Hex): EvmAccount => ({ address: privateKeyToAddress(privateKey), privateKey })

export const ACCOUNTS = {
  /** Mints USDC, and sent the transactions of the genesis. */
  deployer: account('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'),
  payer: account('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'),
  payee: account('0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a'),
  relayer: account('0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6'),
  /** For a facilitator apart from the gateway. */
  facilitator: account('0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a'),
  /** Has ETH and no tokens. */
  stranger: account('0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba'),
} as const
