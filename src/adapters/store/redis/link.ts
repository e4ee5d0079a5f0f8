import { type Redis, ReplyError } from 'ioredis'
import { StoreUnavailable } from '../../../ports/store.ts'
import { inTime } from './in-time.ts'
import { readReplication } from './info.ts'
import { SCRIPTS, type ScriptName } from './scripts.ts'

/** How long a replica may take to confirm what was written. */
const REPLICA_TIMEOUT_MS = 500

export type Argument = string | number | Uint8Array

/** Sent to a server that does not hold the slot, and not run there (Redis Cluster specification, MOVED and ASK). */
export class Redirected extends StoreUnavailable {
  readonly kind: 'MOVED' | 'ASK'
  readonly address: string

  constructor(kind: 'MOVED' | 'ASK', address: string) {
    super(`${kind} ${address}`)
    this.kind = kind
    this.address = address
  }
}

/**
 * One connection to a primary, used until the first doubt.
 *
 * A command is sent once. What was sent and not answered is StoreUnavailable and may have taken effect: a claim of which
 * nobody knows ends with its lease, and a move that the caller takes for lost has only written down what it was about to do.
 * It is never sent again, neither here nor after a failover; only an answer that says that it was not run (NOSCRIPT, MOVED,
 * ASK) lets it be sent to where it will be.
 *
 * @throws StoreUnavailable from every method; Redirected where that is why
 */
export interface Link {
  readonly address: string
  /** The server's history of writes (INFO, master_replid). Another one may lack what was acknowledged in this one. */
  history(): string
  send(command: string, ...args: readonly Argument[]): Promise<unknown>
  run(script: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<unknown>
  /** Answers when a replica has all that was written through this link; at once where there is none. */
  replicated(): Promise<void>
  /** Looks again at what the server is; ends the link when that is no primary any more. */
  look(): Promise<void>
  /** Ends the connection; `ended` follows. */
  end(): void
  readonly ended: Promise<void>
}

/** Opens a link over a connection that is ready and was inspected. */
export function openLink(redis: Redis, address: string, info: string): Link {
  let { history, replicas } = readReplication(info)
  let open = true
  let markEnded = (): void => undefined
  const ended = new Promise<void>((resolve) => {
    markEnded = resolve
  })
  const end = () => {
    if (open) redis.disconnect()
    open = false
    markEnded()
  }
  redis.once('end', end)

  const send = async (command: string, ...args: readonly Argument[]): Promise<unknown> => {
    try {
      const plain = args.map((arg) => (arg instanceof Uint8Array ? asBuffer(arg) : arg))
      return await inTime(redis.callBuffer(command, ...plain))
    } catch (error) {
      throw failure(error as Error, end)
    }
  }

  let last: Promise<unknown> = Promise.resolve()
  let next: Promise<void> | undefined
  const wait = async (): Promise<void> => {
    if (Number(await send('WAIT', 1, REPLICA_TIMEOUT_MS)) < 1)
      throw new StoreUnavailable(`no replica of ${address} confirmed the write within ${REPLICA_TIMEOUT_MS} ms`)
  }

  return {
    address,
    history: () => history,
    send,
    async run(name, keys, args) {
      const { sha, lua } = SCRIPTS[name]
      try {
        return await send('EVALSHA', sha, keys.length, ...keys, ...args)
      } catch (error) {
        if (!(error instanceof StoreUnavailable && error.message.startsWith('NOSCRIPT'))) throw error
        return send('EVAL', lua, keys.length, ...keys, ...args)
      }
    },
    async replicated() {
      if (replicas === 0) return
      // WAIT covers all that was written on the connection before it, and holds up what comes after: one serves all who ask.
      next ??= last.then(() => {
        next = undefined
        const waiting = wait()
        last = waiting.catch(() => undefined)
        return waiting
      })
      await next
    },
    async look() {
      const now = readReplication(String(await send('INFO', 'replication')))
      // A primary that lost its last replica may be one that was cut off, with another in its place: it is looked for anew.
      if (now.role !== 'master' || (now.replicas === 0 && replicas > 0)) end()
      ;({ history, replicas } = now)
    },
    end,
    ended,
  }
}

/** A link through which each command may reach a slot that is being moved here. */
export function asking(link: Link): Link {
  const run: Link['run'] = async (name, keys, args) => {
    // Both are written in one go, so nothing comes between them: ASKING holds for the next command alone.
    const [, answer] = await Promise.all([
      link.send('ASKING'),
      link.send('EVAL', SCRIPTS[name].lua, keys.length, ...keys, ...args),
    ])
    return answer
  }
  const send: Link['send'] = async (command, ...args) => {
    const [, answer] = await Promise.all([link.send('ASKING'), link.send(command, ...args)])
    return answer
  }
  return { ...link, run, send }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Answers after which the server is not to be asked again before it was looked at. */
const NO_PRIMARY = /^(READONLY|LOADING|MASTERDOWN|NOAUTH|WRONGPASS)/

function failure(error: Error, end: () => void): Error {
  const { message } = error
  if (!(error instanceof ReplyError) || NO_PRIMARY.test(message)) end()
  const [, kind, address] = /^(MOVED|ASK) \d+ (\S+)/.exec(message) ?? []
  if (address !== undefined) return new Redirected(kind as Redirected['kind'], address)
  return new StoreUnavailable(message)
}
