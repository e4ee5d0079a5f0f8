import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

/** A port somebody else holds; `holder` says what we wanted it for. */
export class PortTaken extends Error {
  override name = 'PortTaken'

  constructor(port: number, holder: string) {
    super(`port ${port} (${holder}) is taken: stop what uses it or run with --port 0`)
  }
}

/**
 * Makes sure that a port can be listened on, and names one when asked for 0.
 *
 * For programs that cannot say which port the system gave them. Somebody else may take it before they do: such a
 * program then ends at once, and is to be started again.
 *
 * @throws PortTaken
 */
export async function claimPort(port: number, holder: string): Promise<number> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return (server.address() as AddressInfo).port
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') throw new PortTaken(port, holder)
    throw error
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
