import type { Caip2 } from '../../domain/ids.ts'
import type { Finding } from '../../ports/network.ts'
import type { Rpc } from '../rpc.ts'
import { maybeAccount, text } from './shapes.ts'

export interface SolanaMint {
  readonly mint: string
  readonly decimals: number
}

/** `getGenesisHash` begins with the CAIP-2 reference (https://namespaces.chainagnostic.org/solana/caip2). */
export async function inspect(
  rpc: Rpc,
  id: Caip2,
  mints: readonly SolanaMint[],
  payees: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  const genesis = await rpc.call('getGenesisHash', [], text)
  const findings: Finding[] = [
    {
      ok: `solana:${genesis.slice(0, 32)}` === id,
      what: `genesis hash ${genesis}`,
      fix: `point rpc at a node of ${id}`,
      fatal: true,
    },
  ]
  for (const { mint, decimals } of mints) {
    const { value } = await rpc.call('getAccountInfo', [mint, { encoding: 'base64' }], maybeAccount)
    const actual = value && Buffer.from(value.data[0], 'base64')[44]
    findings.push({
      ok: actual === decimals,
      what: `mint ${mint} has ${actual ?? 'no'} decimals`,
      fix: actual === undefined || actual === null ? 'check the mint on this network' : `set decimals to ${actual}`,
      fatal: true,
    })
    const account = value && payees.get(`${value.owner}:${mint}`)
    const held = account
      ? await rpc.call('getAccountInfo', [account, { encoding: 'base64' }], maybeAccount)
      : { value: null }
    findings.push({
      ok: held.value !== null,
      what: `the payee’s token account ${account ?? ''} for ${mint} ${held.value ? 'exists' : 'does not exist'}`,
      fix: 'create it: payers never do (spl-token create-account)',
    })
  }
  return findings
}
