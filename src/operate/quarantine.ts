import { isSolana } from '../domain/chains.ts'
import { type Caip2, seconds } from '../domain/ids.ts'
import type { Log } from '../ports/log.ts'
import { ChainUnavailable, type Network } from '../ports/network.ts'
import type { Quarantine } from '../ports/quarantine.ts'
import type { Store } from '../ports/store.ts'

/** A quarantine, and the work that ends it. `isShut` looks at the store's epoch itself, so it is never behind the store. */
export interface OpenQuarantine extends Quarantine {
  /** Asks the chains how far they have come, and opens what may be opened. A chain that does not answer stays shut. */
  check(): Promise<void>
}

export interface QuarantineOptions {
  readonly store: Pick<Store, 'epoch'>
  readonly networks: ReadonlyMap<Caip2, Network>
  readonly log: Log
}

/** A blockhash is good for 151 blocks; what was paid before the loss cannot be sent again after them. */
const BLOCKS = 151n
const SECONDS_PER_BLOCK = 0.4

/** What is known of a shut network: the bound on heights when it was first asked for, and as last seen. */
interface Shut {
  first: bigint | undefined
  last: bigint
}

/**
 * Shuts every Solana network for 151 of its blocks whenever the store may have forgotten something (threats T9).
 *
 * Sent once more, a Solana transaction that has landed already is not refused in a way that the sender could see: it is found
 * confirmed, as a new one would be. For as long as its blockhash lives, our record is what keeps it from being served twice.
 * EVM networks need no quarantine: there the token refuses a nonce twice, so a replay is refused by its simulation already, by any
 * node that has seen the first one.
 */
export function openQuarantine({ store, networks, log }: QuarantineOptions): OpenQuarantine {
  const guarded = [...networks].filter(([id]) => isSolana(id))
  const shut = new Map<Caip2, Shut>()
  let epoch = store.epoch()

  const watch = () => {
    const now = store.epoch()
    if (now === epoch) return
    epoch = now
    for (const [id] of guarded) {
      if (!shut.has(id))
        log.warn({ network: id, blocks: Number(BLOCKS) }, 'network shut: the store may have forgotten payments')
      shut.set(id, { first: undefined, last: 0n })
    }
  }
  const ask = async (id: Caip2, network: Network): Promise<void> => {
    const asked = shut.get(id)
    if (!asked) return
    const height = BigInt((await network.position()).lastValidBlockHeight ?? 0)
    asked.first ??= height
    asked.last = height
    // Lost once more while the chain was asked: that quarantine has an entry of its own.
    if (height - asked.first < BLOCKS || shut.get(id) !== asked) return
    shut.delete(id)
    log.info({ network: id }, 'network open again')
  }

  return {
    isShut(network) {
      watch()
      return shut.has(network)
    },
    retryAfter(network) {
      const { first = 0n, last = 0n } = shut.get(network) ?? {}
      return seconds(Math.max(1, Math.ceil(Number(BLOCKS - (last - first)) * SECONDS_PER_BLOCK)))
    },
    async check() {
      watch()
      await Promise.all(
        guarded.map(([id, network]) =>
          ask(id, network).catch((error: unknown) => {
            if (!(error instanceof ChainUnavailable)) throw error
          }),
        ),
      )
    },
  }
}
