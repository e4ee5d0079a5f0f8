import type { Caip2 } from './ids.ts'

/**
 * Names that x402 v1 gives to networks (x402 1.2.0, `types/shared/network`). A network that v1 never named can only be
 * offered in v2: one unknown name makes a v1 client refuse the whole quote.
 */
const V1_NAMES: Readonly<Record<string, string>> = {
  'eip155:8453': 'base',
  'eip155:84532': 'base-sepolia',
  'eip155:43114': 'avalanche',
  'eip155:43113': 'avalanche-fuji',
  'eip155:137': 'polygon',
  'eip155:80002': 'polygon-amoy',
  'eip155:1329': 'sei',
  'eip155:1328': 'sei-testnet',
  'eip155:4689': 'iotex',
  'eip155:3338': 'peaq',
  'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp': 'solana',
  'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1': 'solana-devnet',
}

const BY_V1_NAME = new Map(Object.entries(V1_NAMES).map(([id, name]) => [name, id as Caip2]))

export function v1NameOf(network: Caip2): string | undefined {
  return Object.hasOwn(V1_NAMES, network) ? V1_NAMES[network] : undefined
}

export function networkOfV1Name(name: string): Caip2 | undefined {
  return BY_V1_NAME.get(name)
}

export function isEvm(network: Caip2): boolean {
  return network.startsWith('eip155:')
}

export function isSolana(network: Caip2): boolean {
  return network.startsWith('solana:')
}
