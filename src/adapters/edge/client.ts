import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Client, Delivery } from '../../ports/client.ts'
import type { HeaderFields } from '../../ports/upstream.ts'

/** The caller's end of a node:http connection; `extra` is added to every answer. */
export function httpClient(response: ServerResponse, extra: HeaderFields): Client {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  const head = (status: number, headers: HeaderFields) => response.writeHead(status, merge([...headers, ...extra]))

  return {
    gone: gone.signal,
    answer(status, headers, body) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      // 204 has no body and so no length (RFC 9110 section 8.6).
      head(status, status === 204 ? headers : [...headers, ['content-length', String(bytes.length)]])
      // A request whose body was not read to its end cannot be followed by another on the same connection.
      if (!response.req.complete) response.shouldKeepAlive = false
      response.end(bytes)
    },
    async stream(status, headers, body): Promise<Delivery> {
      head(status, headers)
      let upstreamBroke = false
      body.once('error', () => {
        upstreamBroke = !gone.signal.aborted
      })
      try {
        // pipeline destroys the response when the body breaks off: a cut connection never looks complete.
        await pipeline(body, response)
        return 'complete'
      } catch {
        return upstreamBroke ? 'upstream-broke' : 'client-gone'
      }
    },
  }
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
