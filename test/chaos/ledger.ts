import type { Lane } from './lane.ts'

/**
 * Holds the ledger against the chain, to the atomic unit (threats.md, invariant 4).
 *
 * The payee of a lane began with what its first sight of the chain showed, and sells to nobody else.
 *
 * @param opening what each payee held then
 */
export async function unequalSums(lane: Lane, opening: ReadonlyMap<string, bigint>): Promise<string[]> {
  const revenue = await lane.books.revenue()
  const wrong: string[] = []
  for (const [network, balance] of await balancesOf(lane)) {
    const received = balance - (opening.get(network) ?? 0n)
    const asset = [...lane.chains.values()].find((chain) => chain.network === network)?.asset ?? ''
    const booked = revenue.get(asset.startsWith('0x') ? asset.toLowerCase() : asset) ?? 0n
    if (booked !== received) wrong.push(`on ${network} the payee received ${received}, and the ledger says ${booked}`)
  }
  const { code, output } = await lane.farebox('ledger', 'verify', '--json')
  if (code !== 0) wrong.push(`farebox ledger verify ended with ${code}: ${output.slice(0, SAID)}`)
  return wrong
}

const SAID = 2_000

/** What the payees hold, by network. */
export async function balancesOf({ chains }: Pick<Lane, 'chains'>): Promise<Map<string, bigint>> {
  const held = [...chains.values()].map(async ({ network, balance }) => [network, await balance()] as const)
  return new Map(await Promise.all(held))
}
