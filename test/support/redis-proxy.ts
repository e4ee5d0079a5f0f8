import { connect, createServer, type Socket } from 'node:net'

/** Stands between a store and its Redis, and can lose what Redis answers. */
export interface RedisProxy {
  readonly url: string
  /** The answer to the next command that holds a text is lost with its connection; resolves when that has happened. */
  loseAnswerTo(text: string): Promise<void>
  stop(): Promise<void>
}

export async function startRedisProxy(port: number): Promise<RedisProxy> {
  let lose: { readonly text: string; readonly done: () => void } | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1')
    for (const socket of [client, redis]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
    }
    let awaited = false
    client.on('data', (commands) => {
      awaited ||= lose !== undefined && commands.includes(lose.text)
      redis.write(commands)
    })
    redis.on('data', (answer) => {
      if (!awaited) return void client.write(answer)
      client.destroy()
      redis.destroy()
      lose?.done()
      lose = undefined
    })
    client.once('close', () => redis.destroy())
    redis.once('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${(server.address() as { port: number }).port}`,
    loseAnswerTo: (text) =>
      new Promise((done) => {
        lose = { text, done }
      }),
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
