import { listen } from './adapters/edge/server.ts'
import { type App, createApp } from './app.ts'
import { inspectAtStart } from './operate/check.ts'
import type { Log } from './ports/log.ts'
import { createLog, openStore, readPricing, readSettings } from './settings.ts'

/** The gateway as a process: reads its settings, listens, drains on SIGTERM and SIGINT. */
async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const log = createLog(settings.logLevel)
  const pricing = readPricing(settings.pricingFile, process.env)
  const app = await createApp({
    pricing,
    openStore: () => openStore(settings, log),
    log,
    publicUrl: settings.publicUrl,
  })
  await refuseContradictions(app, log)
  app.work()
  const listener = await listen(app.handler, settings.host, settings.port)
  log.info({ url: listener.url, store: app.parts.store.kind, version: app.parts.catalogue.version }, 'listening')

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

/** Says in one line each what is wrong with the parts; does not sell where the chain contradicts the price list. */
async function refuseContradictions(app: App, log: Log): Promise<void> {
  const wrong = await inspectAtStart(app.parts)
  for (const { part, what, fix } of wrong) log.warn({ part, fix }, what)
  const fatal = wrong.find((finding) => finding.fatal)
  if (!fatal) return
  await app.close()
  throw new Error(`${fatal.part}: ${fatal.what}: ${fatal.fix}`)
}

main().catch((error: Error) => {
  // A start that fails says why in one line; the name tells which part it was.
  process.stderr.write(`farebox: ${error.message}\n`)
  process.exit(1)
})
