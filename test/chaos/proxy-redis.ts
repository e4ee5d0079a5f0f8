import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { respFramer, respLabel } from './resp.ts'
import type { Direction, Tap } from './tap.ts'

export interface LinkProxy {
  readonly url: string
  stop(): Promise<void>
}

/** Stands between the gateway and its Redis; each command and each reply is a message. */
export async function redisProxy(target: string, tap: Tap): Promise<LinkProxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, (gateway) => {
    const redis = connect({ host: hostname, port: Number(port), noDelay: true })
    for (const socket of [gateway, redis]) {
      open.add(socket)
      socket.on('error', () => undefined).once('close', () => open.delete(socket))
    }
    // A closed end is closed on the other side by FIN alone: what Redis was told before, it shall still read.
    void pump(gateway, redis, 'out', tap).then(() => redis.end())
    void pump(redis, gateway, 'in', tap).then(() => gateway.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

async function pump(from: Socket, to: Socket, direction: Direction, tap: Tap): Promise<void> {
  const frames = respFramer()
  try {
    for await (const chunk of from) {
      for (const message of frames(chunk as Buffer)) {
        const cut = await tap.carry('store', direction, respLabel(message), async () => {
          if (to.writable) to.write(message)
        })
        if (cut) return
      }
    }
  } catch {
    // The connection broke: nothing more comes.
  }
}
