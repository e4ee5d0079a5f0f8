import { embeddedEvm } from './adapters/evm/embedded.ts'
import { evmNetwork } from './adapters/evm/network.ts'
import { remoteFacilitators } from './adapters/facilitator/remotes.ts'
import type { Rpc } from './adapters/rpc.ts'
import { embeddedSolana } from './adapters/solana/embedded.ts'
import { solanaNetwork } from './adapters/solana/network.ts'
import { type Caip2, seconds } from './domain/ids.ts'
import type { Clock } from './ports/clock.ts'
import type { Facilitator } from './ports/facilitator.ts'
import type { Lanes } from './ports/lanes.ts'
import type { Log } from './ports/log.ts'
import type { Network } from './ports/network.ts'
import type {
  EvmAssetConfig,
  EvmNetworkConfig,
  NetworkConfig,
  Pricing,
  SolanaAssetConfig,
  SolanaNetworkConfig,
} from './pricing/schema.ts'

export const systemClock: Clock = { now: () => seconds(Math.floor(Date.now() / 1_000)) }

/** A network of the price list, seen through its node. */
export async function openNetwork(pricing: Pricing, name: string, rpc: Rpc): Promise<Network> {
  const config = pricing.networks[name] as NetworkConfig
  const tokens = Object.values(pricing.assets).flatMap(({ on }) => on[name] ?? [])
  const { finalityMs } = config
  const id = config.id as Caip2
  if (!isSolanaConfig(config)) return evmNetwork({ id, rpc, tokens: tokens as EvmAssetConfig[], finalityMs })
  return solanaNetwork({
    id,
    rpc,
    payTo: config.payTo,
    mints: tokens as SolanaAssetConfig[],
    caps: { maxComputeUnits: config.maxComputeUnits, maxComputeUnitPrice: BigInt(config.maxComputeUnitPrice) },
    clock: systemClock,
    finalityMs,
  })
}

/**
 * Whoever settles on a network, and what must be done for it now and then.
 *
 * @throws where a key is none
 */
export async function openFacilitator(
  config: NetworkConfig,
  network: Network,
  rpc: Rpc,
  lanes: Lanes,
  log: Log,
): Promise<{ facilitator: Facilitator; keep?: () => Promise<void> }> {
  const { facilitator: named, confirmMs, minFloatSettlements } = config
  if (named !== 'embedded') return { facilitator: await remoteFacilitators([named].flat(), network, log, confirmMs) }
  if (isSolanaConfig(config)) {
    const feePayerKey = config.feePayer ?? ''
    return { facilitator: embeddedSolana({ rpc, network, feePayerKey, confirmMs, minFloatSettlements, log }) }
  }
  const { maxFeeGwei, stuckMs } = config
  const facilitator = embeddedEvm({
    rpc,
    network,
    relayerKeys: [config.relayer ?? []].flat(),
    chainId: Number(config.id.slice('eip155:'.length)),
    confirmMs,
    lanes,
    log,
    minFloatSettlements,
    maxFeeGwei,
    stuckMs,
  })
  return { facilitator, keep: () => facilitator.keep() }
}

export function isSolanaConfig(config: EvmNetworkConfig | SolanaNetworkConfig): config is SolanaNetworkConfig {
  return config.id.startsWith('solana:')
}
