import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Description, removeDescription, writeDescription } from './description.ts'
import { ROOT } from './services.ts'

/** The directory of a devnet. Logs stay in it; everything else goes when this process does. */
export interface Place {
  store: { redisUrl: string } | { dir: string }
  /** The Redis URL, or `lmdb:<directory>`. */
  storeName: string
  log(name: string): WriteStream
  /** Tells those who wait for `devnet.json` that they may come. */
  announce(description: Description): void
  /** Takes `devnet.json` back. */
  withdraw(): void
  close(): Promise<void>
}

export function preparePlace(dir: string, redisUrl: string | undefined, writeFile: boolean): Place {
  const place = resolve(ROOT, dir)
  const storeDir = join(place, `store-${process.pid}`)
  const file = join(place, 'devnet.json')
  const logs: WriteStream[] = []
  let announced: string | undefined
  const withdraw = () => {
    if (announced !== undefined) removeDescription(file, announced)
  }
  const clear = () => {
    withdraw()
    rmSync(storeDir, { recursive: true, force: true })
  }
  clear()
  // One left over from a devnet that was killed would send people nowhere.
  if (writeFile) rmSync(file, { force: true })
  mkdirSync(redisUrl === undefined ? storeDir : place, { recursive: true })
  process.once('exit', clear)
  return {
    store: redisUrl === undefined ? { dir: storeDir } : { redisUrl },
    storeName: redisUrl ?? `lmdb:${storeDir}`,
    log(name) {
      const log = createWriteStream(join(place, name))
      logs.push(log)
      return log
    },
    announce(description) {
      if (!writeFile) return
      announced = `${JSON.stringify(description, null, 2)}\n`
      writeDescription(file, announced)
    },
    withdraw,
    async close() {
      await Promise.all(logs.map((log) => new Promise<void>((ended) => log.end(() => ended()))))
      process.off('exit', clear)
      clear()
    },
  }
}
