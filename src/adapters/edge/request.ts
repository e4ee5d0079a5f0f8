import type { IncomingMessage } from 'node:http'
import type { Body, EdgeRequest } from '../../domain/request.ts'

export interface EdgeOptions {
  /** Under which URL callers reach us; from the Host header where it is not configured. */
  readonly publicUrl: string | undefined
  readonly maxBodyBytes: number
}

const HOST = /^[A-Za-z0-9._-]+(:\d{1,5})?$|^\[[0-9a-fA-F:]+\](:\d{1,5})?$/

/** Reads what node:http has parsed into the line's own request. */
export function readRequest(
  message: IncomingMessage,
  id: string,
  { publicUrl, maxBodyBytes }: EdgeOptions,
): EdgeRequest {
  const headers = new Map(Object.entries(message.headersDistinct) as [string, string[]][])
  const length = message.headers['content-length']
  return {
    id,
    method: message.method ?? 'GET',
    // Middleware mounted below a path sees the rest of it in `url`; what was asked for is in `originalUrl`.
    target: (message as IncomingMessage & { originalUrl?: string }).originalUrl ?? message.url ?? '/',
    origin: publicUrl ?? originOf(message),
    headers,
    hasBody: message.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0'),
    readBody: () => readBody(message, maxBodyBytes),
    stream: () => message,
  }
}

/** Header fields that are one value or none; readers disagree on which of two counts (RFC 9110 section 5.3). */
const SINGLE_FIELDS = ['host', 'content-type', 'content-encoding', 'content-length', 'range']

/** Whether another reader of the same bytes could take the request for something else (RFC 9112 section 3.2, threats T21). */
export function isAmbiguous({ httpVersion, headersDistinct }: IncomingMessage): boolean {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return true
  return SINGLE_FIELDS.some((name) => (headersDistinct[name]?.length ?? 0) > 1)
}

/** A Host header is only shown back, in the URL of a quote, and only where it looks like one. */
function originOf({ headers, socket }: IncomingMessage): string {
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  const host =
    headers.host !== undefined && HOST.test(headers.host)
      ? headers.host
      : `${socket.localAddress ?? 'localhost'}:${socket.localPort ?? 80}`
  return `${scheme}://${host}`
}

async function readBody(message: IncomingMessage, limit: number): Promise<Body> {
  if (Number(message.headers['content-length'] ?? 0) > limit) return { outcome: 'too-large' }
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of message as AsyncIterable<Buffer>) {
      length += piece.length
      if (length > limit) return { outcome: 'too-large' }
      pieces.push(piece)
    }
  } catch {
    return { outcome: 'aborted' }
  }
  return { outcome: 'read', bytes: Buffer.concat(pieces, length) }
}
