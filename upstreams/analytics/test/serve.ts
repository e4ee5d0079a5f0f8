import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { createApp, type Options } from '../app.ts'

export type Answer = {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked member by member, and against the output schemas
  json: any
}

export type Service = {
  url: string
  get(target: string, headers?: Record<string, string>): Promise<Answer>
  post(target: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  send(target: string, init: RequestInit): Promise<Answer>
  close(): Promise<void>
}

/** The service on a port of its own. A body that is a string is sent as it is. */
export async function serve(options: Options = {}): Promise<Service> {
  const server = createServer(createApp(options))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const send = async (target: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + target, init)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') && text !== ''
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null }
  }
  return {
    url,
    send,
    get: (target, headers = {}) => send(target, { headers }),
    post: (target, body, headers = {}) =>
      send(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Expects every member that `expected` names: numbers within 1e-9 of it, relatively, all else equal. */
export function expectNear(actual: unknown, expected: unknown, path = '$'): void {
  if (typeof expected === 'number') {
    const error = Math.abs(Number(actual) - expected)
    expect(typeof actual, path).toBe('number')
    expect(error, `${path}: ${actual} for ${expected}`).toBeLessThanOrEqual(1e-9 * Math.abs(expected))
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      expectNear((actual as Record<string, unknown>)?.[key], value, `${path}.${key}`)
    }
  } else expect(actual, path).toBe(expected)
}
