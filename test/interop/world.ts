import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Devnet, startDevnet } from '../../devnet/index.ts'
import { ROOT } from '../../devnet/services.ts'
import type { CallInit } from '../clients/index.ts'
import { type Hit, startPassThrough } from './pass-through.ts'

/** A devnet as people start it, with every request to its upstream counted. */
export interface World {
  readonly devnet: Devnet
  readonly hits: Hit[]
  /** What the upstream answers when it is asked without a gateway, with the token that the gateway last showed it. */
  askUpstream(target: string, init?: CallInit): Promise<unknown>
  stop(): Promise<void>
}

const ANY_PORT = { evmPort: 0, solanaPort: 0, upstreamPort: 0, gatewayPort: 0 }

/** Starts one on ports of the system's choosing; without a Redis, its store is the embedded one. */
export async function openWorld(redisUrl?: string): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'farebox-interop-'))
  const through = await startPassThrough()
  const pricingFile = join(dir, 'pricing.json')
  writeFileSync(pricingFile, pricingWith(through.url))
  const devnet = await startDevnet({ ...ANY_PORT, dir, writeFile: false, pricingFile, ...(redisUrl && { redisUrl }) })
  through.lead(devnet.upstream)
  return {
    devnet,
    hits: through.hits,
    async askUpstream(target, init = {}) {
      const authorization = through.hits.at(-1)?.headers.authorization ?? ''
      const headers = { ...init.headers, authorization }
      const response = await fetch(`${devnet.upstream}${target}`, { ...init, headers })
      if (!response.ok) throw new Error(`the upstream says ${response.status}`)
      return response.json()
    },
    async stop() {
      await devnet.stop()
      await through.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The price list of the repository, but for where its upstream is. */
function pricingWith(upstreamUrl: string): string {
  const pricing = JSON.parse(readFileSync(join(ROOT, 'pricing.json'), 'utf8'))
  pricing.upstreams.analytics.url = upstreamUrl
  return JSON.stringify(pricing)
}
