import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { type EdgeRequest, pathOf } from '../../domain/request.ts'
import type { Client } from '../../ports/client.ts'
import type { Log } from '../../ports/log.ts'
import type { Reply } from '../../ports/reply.ts'
import type { HeaderFields } from '../../ports/upstream.ts'
import { PROBLEM_TYPE, writeProblem } from '../../wire/problem.ts'
import { httpClient } from './client.ts'
import { CORS_HEADERS, PREFLIGHT_HEADERS } from './cors.ts'
import { type EdgeOptions, isAmbiguous, readRequest } from './request.ts'

/** What a probe path answers. */
export type Probe = Pick<Reply, 'status' | 'body'>

export interface HandlerOptions extends EdgeOptions {
  readonly log: Log
  readonly line: (request: EdgeRequest, client: Client) => Promise<void>
  /** Paths that the gateway answers itself, and whether a path is one of its routes. */
  readonly probes: ReadonlyMap<string, () => Promise<Probe>>
  readonly hasRoute: (path: string) => boolean
  /** What answers for a path under which the gateway keeps a page for each payment; undefined for any other path. */
  readonly payments?: (path: string) => ((request: EdgeRequest) => Promise<Reply>) | undefined
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** The gateway as a plain node:http handler: nothing thrown gets out, and every request is answered and logged once. */
export function createHandler({ line, probes, log, hasRoute, payments, ...edge }: HandlerOptions): Handler {
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
      const payment = payments?.(path)
      if (isAmbiguous(message)) answerProblem(client, refuse('ambiguous_request'), id)
      else if (probe) await answerProbe(request, client, probe)
      else if (request.method === 'OPTIONS' && (payment || hasRoute(path)))
        client.answer(
          204,
          PREFLIGHT_HEADERS.concat([['access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']]),
          '',
        )
      else if (payment) reply(client, await payment(request))
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
  reply(client, await probe())
}

const NO_STORE: HeaderFields = [['cache-control', 'no-store']]

function reply(client: Client, { status, body, type = 'application/json', headers = NO_STORE }: Reply): void {
  client.answer(status, [['content-type', type], ...headers], JSON.stringify(body))
}

function answerProblem(client: Client, refusal: Refusal, id: string): void {
  const { problem, headers } = writeProblem(refusal, id)
  reply(client, { status: problem.status, body: problem, type: PROBLEM_TYPE, headers })
}
