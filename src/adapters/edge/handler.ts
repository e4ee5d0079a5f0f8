import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { type EdgeRequest, pathOf } from '../../domain/request.ts'
import type { Client } from '../../ports/client.ts'
import type { Log } from '../../ports/log.ts'
import type { HeaderFields } from '../../ports/upstream.ts'
import { PROBLEM_TYPE, writeProblem } from '../../wire/problem.ts'
import { httpClient } from './client.ts'
import { CORS_HEADERS, PREFLIGHT_HEADERS } from './cors.ts'
import { type EdgeOptions, isAmbiguous, readRequest } from './request.ts'

/** What a probe path answers. */
export interface Probe {
  readonly status: number
  readonly body: object
}

export interface HandlerOptions extends EdgeOptions {
  readonly log: Log
  readonly line: (request: EdgeRequest, client: Client) => Promise<void>
  /** Paths that the gateway answers itself, and whether a path is one of its routes. */
  readonly probes: ReadonlyMap<string, () => Promise<Probe>>
  readonly hasRoute: (path: string) => boolean
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** The gateway as a plain node:http handler: nothing thrown gets out, and every request is answered and logged once. */
export function createHandler({ line, probes, log, hasRoute, ...edge }: HandlerOptions): Handler {
  return async (message, response) => {
    const started = performance.now()
    const id = randomUUID()
    const headers: HeaderFields = [...CORS_HEADERS, ['x-request-id', id]]
    const client = httpClient(response, headers)
    const request = readRequest(message, id, edge)
    const path = pathOf(request.target)
    logOnce(response, () =>
      log.info(
        {
          requestId: id,
          method: request.method,
          path,
          status: response.writableFinished ? response.statusCode : 'aborted',
          ms: Math.round(performance.now() - started),
        },
        'request',
      ),
    )
    try {
      const probe = probes.get(path)
      if (isAmbiguous(message)) answerProblem(client, refuse('ambiguous_request'), id)
      else if (probe) await answerProbe(request, client, probe)
      else if (request.method === 'OPTIONS' && hasRoute(path))
        client.answer(
          204,
          PREFLIGHT_HEADERS.concat([['access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']]),
          '',
        )
      else await line(request, client)
    } catch (error) {
      log.error({ requestId: id, err: error }, 'request failed')
      if (response.headersSent) response.destroy()
      else answerProblem(client, refuse('internal_error'), id)
    }
  }
}

/** Runs when the response has ended, or its connection has before it got its turn. */
function logOnce(response: ServerResponse, write: () => void): void {
  const { socket } = response.req
  const end = () => {
    socket.off('close', end)
    response.off('close', end)
    write()
  }
  response.once('close', end)
  socket.once('close', end)
}

async function answerProbe(request: EdgeRequest, client: Client, probe: () => Promise<Probe>): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return answerProblem(client, refuse('method_not_allowed', { allow: ['GET', 'HEAD'] }), request.id)
  const { status, body } = await probe()
  client.answer(
    status,
    [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
    ],
    JSON.stringify(body),
  )
}

function answerProblem(client: Client, refusal: Refusal, id: string): void {
  const { problem, headers } = writeProblem(refusal, id)
  client.answer(problem.status, [['content-type', PROBLEM_TYPE], ...headers], JSON.stringify(problem))
}
