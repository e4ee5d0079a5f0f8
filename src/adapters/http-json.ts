import type { Pool } from 'undici'

export interface JsonRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** JSON text, or null for none. */
  readonly body: string | null
  readonly timeoutMs: number
  readonly maxAnswerBytes: number
}

/**
 * Asks a service of the operator's choosing for JSON, within bounds of time and size.
 *
 * No redirect is followed: whatever stands elsewhere is not what was configured (threats T16).
 *
 * @throws for anything that is no JSON answer
 */
export async function askJson(
  pool: Pool,
  { method, path, body, timeoutMs, maxAnswerBytes }: JsonRequest,
): Promise<unknown> {
  const headers = { accept: 'application/json', ...(body !== null && { 'content-type': 'application/json' }) }
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await pool.request({
    method,
    path,
    headers,
    body,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal,
  })
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of response.body as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > maxAnswerBytes) throw new Error('answer too large')
    pieces.push(piece)
  }
  if (response.statusCode >= 300 && response.statusCode < 400) throw new Error('redirect')
  return JSON.parse(Buffer.concat(pieces).toString('utf8'))
}
