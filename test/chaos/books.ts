import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PaymentKey } from '../../src/domain/ids.ts'
import type { PaymentRecord } from '../../src/domain/record.ts'
import type { Store } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'

/** The gateway's own books, read past it. */
export interface Books {
  record(key: string): Promise<PaymentRecord | undefined>
  /** What the ledger says was settled, by asset. */
  revenue(): Promise<ReadonlyMap<string, bigint>>
  close(): Promise<void>
}

/** Opens the store with the adapter of the gateway that is tried, so that both read it alike. */
export async function openBooks(dist: string, place: { redisUrl: string } | { directory: string }): Promise<Books> {
  const load = async <T>(path: string) => (await import(pathToFileURL(join(dist, path)).href)) as T
  let store: Store
  if ('redisUrl' in place) {
    const { openRedis } = await load<typeof import('../../src/adapters/store/redis/index.ts')>(
      'adapters/store/redis/index.js',
    )
    store = await openRedis(place.redisUrl, memoryLog())
  } else {
    const { openLmdb } =
      await load<typeof import('../../src/adapters/store/lmdb/index.ts')>('adapters/store/lmdb/index.js')
    store = openLmdb(place.directory)
  }
  return {
    record: (key) => store.read(key as PaymentKey),
    async revenue() {
      const settled = new Map<string, { asset: string; amount: bigint }>()
      for await (const { settlement, against } of store.ledger()) {
        if (!settlement || against !== undefined) continue
        const { network, asset, amount, transaction } = settlement
        settled.set(`${network}:${transaction}`, { asset, amount })
      }
      const sums = new Map<string, bigint>()
      for (const { asset, amount } of settled.values()) {
        const name = asset.startsWith('0x') ? asset.toLowerCase() : asset
        sums.set(name, (sums.get(name) ?? 0n) + amount)
      }
      return sums
    },
    close: () => store.close(),
  }
}
