import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Client, Delivery } from '../../ports/client.ts'
import type { HeaderFields } from '../../ports/upstream.ts'

/** The caller's end of a node:http connection; `extra` is added to every answer. */
export function httpClient(response: ServerResponse, extra: HeaderFields): Client {
  const gone = new AbortController()
  const leave = () => {
    if (!response.writableFinished) gone.abort()
  }
  response.once('close', leave)
  // A pipelined response that still waits for its turn has no socket, and never hears that it closed.
  const { socket } = response.req
  socket.once('close', leave)
  response.once('finish', () => socket.off('close', leave))
  const head = (status: number, headers: HeaderFields) => response.writeHead(status, merge([...headers, ...extra]))

  return {
    gone: gone.signal,
    answer(status, headers, body) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      // A request whose body was not read to its end cannot be followed by another on the same connection.
      if (!response.req.complete) response.shouldKeepAlive = false
      // 204 has no body and so no length (RFC 9110 section 8.6).
      head(status, status === 204 ? headers : [...headers, ['content-length', String(bytes.length)]])
      response.end(bytes)
    },
    async stream(status, headers, body, lost): Promise<Delivery> {
      head(status, headers)
      const ends = lost ? AbortSignal.any([gone.signal, lost]) : gone.signal
      try {
        // pipeline destroys the response when the body breaks off: a cut connection never looks complete.
        await Promise.race([pipeline(body, response), aborted(ends)])
        return 'complete'
      } catch {
        body.destroy()
        response.destroy()
        return gone.signal.aborted ? 'client-gone' : lost?.aborted ? 'lease-lost' : 'upstream-broke'
      }
    },
  }
}

/** Rejects when the signal aborts. A response that never got a socket is never closed either, so pipeline alone would wait for ever. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** node:http takes several values of one name as a list. */
function merge(fields: HeaderFields): Record<string, string | string[]> {
  const merged: Record<string, string | string[]> = {}
  for (const [name, value] of fields) {
    const before = merged[name]
    merged[name] = before === undefined ? value : [before, value].flat()
  }
  return merged
}
