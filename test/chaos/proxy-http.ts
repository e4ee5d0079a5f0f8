import {
  type ClientRequest,
  request as connectHttp,
  createServer,
  type IncomingMessage,
  type OutgoingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LinkProxy } from './proxy-redis.ts'
import type { Direction, Link, Tap } from './tap.ts'

/** An answer as it left whoever gave it, however far it got after that; not whole when that one died or was hung up on. */
export interface Observed {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly complete: boolean
}

export interface HttpProxyOptions {
  readonly link: Link
  readonly tap: Tap
  /** Where requests go; undefined while nobody is there. */
  readonly target: () => string | undefined
  /** Which way requests go; their answers go the other way. */
  readonly requests: Direction
  /** Names a message that is passed on whole. Without it, head, each chunk and the end are messages of their own. */
  readonly whole?: (body: string) => string
  readonly observe?: (answer: Observed) => void
}

const HANG_UP_MS = 25

/** Stands on an HTTP link of the gateway, on either side of it. */
export async function httpProxy(options: HttpProxyOptions): Promise<LinkProxy> {
  const server = createServer((request, response) => {
    exchange(options, request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function exchange(options: HttpProxyOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { requests, target, whole } = options
  const pass = whole ? passWhole : passPieces
  const to = target()
  if (to === undefined) return void response.destroy()
  const { connection: _hop, ...headers } = request.headers
  const onward = connectHttp(new URL(request.url ?? '/', to), { method: request.method, headers, agent: false })
  onward.setNoDelay(true)
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    onward.once('response', resolve).once('error', reject)
  })
  answered.catch(() => response.destroy())

  const asked = await pass(options, requests, request, onward, async () => undefined)
  if (asked.cut || !asked.complete) {
    response.destroy()
    // What was passed on whole is heard, though whoever sent it is dead.
    if (!onward.writableEnded) onward.destroy()
    else (await answered).resume()
    return
  }
  hangUpTogether(response, onward)
  const answer = await answered
  const answers: Direction = requests === 'out' ? 'in' : 'out'
  const passed = await pass(options, answers, answer, response, async () => {
    const { connection: _hopBack, ...fields } = answer.headers
    response.writeHead(answer.statusCode ?? 502, fields)
    if (!whole) response.flushHeaders()
  })
  options.observe?.({ status: answer.statusCode ?? 0, headers: answer.headers, complete: passed.complete })
  if (passed.cut || !passed.complete) response.destroy()
}

/**
 * Whoever asked has hung up: so does the proxy, once the other side has had the time to read what was asked. It only says
 * that it will send no more, so that what the other side had written by then is seen to have left it.
 */
function hangUpTogether(response: ServerResponse, onward: ClientRequest): void {
  const close = () => {
    if (!response.writableFinished) setTimeout(() => onward.socket?.end(), HANG_UP_MS)
  }
  if (response.closed) close()
  else response.once('close', close)
}

interface Passed {
  /** This message was the kill point. */
  readonly cut: boolean
  /** The sender had sent all of it. */
  readonly complete: boolean
}

type Pass = (
  options: HttpProxyOptions,
  direction: Direction,
  from: IncomingMessage,
  to: OutgoingMessage,
  head: () => Promise<void>,
) => Promise<Passed>

const passWhole: Pass = async ({ tap, link, whole }, direction, from, to, head) => {
  const pieces: Buffer[] = []
  const complete = await drain(from, async (piece) => void pieces.push(piece))
  if (!complete) return { cut: false, complete }
  const body = Buffer.concat(pieces)
  const cut = await tap.carry(link, direction, whole?.(body.toString()) ?? '', async () => {
    await head()
    await end(to, body)
  })
  return { cut, complete }
}

const passPieces: Pass = async ({ tap, link }, direction, from, to, head) => {
  let cut = false
  const carry = async (label: string, forward: () => Promise<void>) => {
    if (cut) return
    cut = await tap.carry(link, direction, label, forward)
  }
  const isAnswer = from.statusCode !== undefined && from.statusCode !== null
  const hasBody =
    isAnswer || from.headers['content-length'] !== undefined || from.headers['transfer-encoding'] !== undefined
  const label = isAnswer ? `${from.statusCode}` : `${from.method}`
  if (!hasBody) {
    await carry(label, () => end(to))
    return { cut, complete: true }
  }
  await carry(label, async () => {
    await head()
    if (!isAnswer) (to as ClientRequest).flushHeaders()
    await new Promise(setImmediate)
  })
  // What comes after the kill point is not passed on, but whether it was sent is known.
  const complete = await drain(from, (piece) => carry('chunk', () => write(to, piece)))
  if (complete) await carry('end', () => end(to))
  return { cut, complete }
}

/** Reads to the end; false when it broke off before. */
async function drain(from: IncomingMessage, take: (piece: Buffer) => Promise<void>): Promise<boolean> {
  try {
    for await (const piece of from) await take(piece as Buffer)
    return from.complete
  } catch {
    return false
  }
}

function write(to: OutgoingMessage, piece: Buffer): Promise<void> {
  return handed(to, (done) => to.write(piece, done))
}

function end(to: OutgoingMessage, body: Buffer | string = ''): Promise<void> {
  return handed(to, (done) => to.end(body, done))
}

/** Resolves when it was taken, or when there is nobody left to take it. */
function handed(to: OutgoingMessage, act: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (to.destroyed) return resolve()
    const done = () => {
      to.off('close', done)
      resolve()
    }
    to.once('close', done)
    act(done)
  })
}
