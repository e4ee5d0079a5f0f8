import { listen } from './adapters/edge/server.ts'
import { createApp } from './app.ts'
import { createLog, openStore, readPricing, readSettings } from './settings.ts'

/** The gateway as a process: reads its settings, listens, drains on SIGTERM and SIGINT. */
async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const log = createLog(settings.logLevel)
  const pricing = readPricing(settings.pricingFile, process.env)
  const store = await openStore(settings, log)
  const app = await createApp({ pricing, store, log, publicUrl: settings.publicUrl })
  const listener = await listen(app.handler, settings.host, settings.port)
  log.info({ url: listener.url, store: store.kind, version: app.parts.catalogue.version }, 'listening')

  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'draining')
    app.retire()
    await listener.drain()
    await app.close()
    log.info({}, 'stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

main().catch((error: Error) => {
  // A start that fails says why in one line; the name tells which part it was.
  process.stderr.write(`farebox: ${error.message}\n`)
  process.exit(1)
})
