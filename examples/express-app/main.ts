import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath, pathToFileURL } from 'node:url'
// Outside this repository: import { createGateway } from 'farebox'
import { createGateway } from '../../src/index.ts'
import { createShop } from './app.ts'
import { devnetEnvironment } from './devnet.ts'

const here = (path: string) => new URL(path, import.meta.url)

async function main([devnetFile]: readonly string[]): Promise<void> {
  const gateway = await createGateway({
    pricing: fileURLToPath(here('pricing.json')),
    env: devnetEnvironment(devnetFile ? pathToFileURL(devnetFile) : here('../../.devnet/devnet.json')),
    storeDir: process.env['STORE_DIR'] ?? fileURLToPath(here('.farebox')),
  })
  const server = createServer(createShop(gateway))
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', listening)
  })
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)

  const stop = () => {
    server.close(() => gateway.close().then(() => process.exit(0)))
    // A caller that stays connected does not keep us for long.
    setTimeout(() => server.closeAllConnections(), 5_000).unref()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
