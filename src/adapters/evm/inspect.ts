import { decodeAbiParameters, parseAbiParameters } from 'viem'
import { ChainUnavailable, type Finding } from '../../ports/network.ts'
import type { Rpc } from '../rpc.ts'
import { bytes, quantity } from './shapes.ts'

/** A token that is taken, as pricing.json describes it. */
export interface EvmToken {
  readonly address: string
  readonly decimals: number
  readonly eip712: { readonly name: string; readonly version: string }
}

const STRING_RESULT = parseAbiParameters('string')
/** Selectors of `decimals()`, `name()`, `version()`. */
const READ = { decimals: '0x313ce567', name: '0x06fdde03', version: '0x54fd4d50' } as const

/** Compares the configured tokens with the chain. */
export async function inspectTokens(rpc: Rpc, chainId: bigint, tokens: readonly EvmToken[]): Promise<Finding[]> {
  const actual = await rpc.call('eth_chainId', [], quantity)
  const findings: Finding[] = [
    { ok: actual === chainId, what: `chain id ${actual}`, fix: `point rpc at a node of chain ${chainId}`, fatal: true },
  ]
  for (const { address, decimals, eip712 } of tokens) {
    const read = (selector: string) => rpc.call('eth_call', [{ to: address, data: selector }, 'latest'], bytes)
    const text = async (selector: string) =>
      decodeAbiParameters(STRING_RESULT, (await read(selector)) as `0x${string}`)[0]
    try {
      const actualDecimals = Number(BigInt(await read(READ.decimals)))
      const [name, version] = [await text(READ.name), await text(READ.version)]
      findings.push(
        {
          ok: actualDecimals === decimals,
          what: `${address} has ${actualDecimals} decimals`,
          fix: `set decimals to ${actualDecimals}`,
          fatal: true,
        },
        {
          ok: name === eip712.name && version === eip712.version,
          what: `${address} signs as "${name}" version "${version}"`,
          fix: `set eip712 to { "name": "${name}", "version": "${version}" }`,
          fatal: true,
        },
      )
    } catch (error) {
      if (error instanceof ChainUnavailable) throw error
      findings.push({
        ok: false,
        what: `${address} is no token with EIP-712 name and version`,
        fix: 'check the address of the asset on this network',
      })
    }
  }
  return findings
}
