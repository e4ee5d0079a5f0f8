import type { ErrorRequestHandler, RequestHandler } from 'express'

/** Every `code` a refusal can carry. */
export type Code =
  | 'unauthorized'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'missing_parameter'
  | 'unknown_parameter'
  | 'repeated_parameter'
  | 'invalid_parameter'
  | 'unknown_symbol'
  | 'repeated_symbol'
  | 'too_many_symbols'
  | 'unknown_window'
  | 'unknown_timeframe'
  | 'unknown_signal'
  | 'malformed_json'
  | 'invalid_body'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'internal_error'

/** What the caller may send instead: the permitted values, or the JSON Schema of the place. */
export type Permitted = readonly string[] | Record<string, unknown>

type Extra = { parameter?: string; permitted?: Permitted; headers?: Record<string, string> }

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
}

/** A refusal, answered as problem details (RFC 9457). */
export class Problem extends Error {
  readonly status: number
  readonly code: Code
  readonly extra: Extra

  constructor(status: number, code: Code, detail: string, extra: Extra = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.extra = extra
  }
}

/** What Express and its body parser throw: an Error with a status and, of the parser, a type. */
type HttpError = { status?: unknown; type?: unknown; message?: unknown }

function fromHttpError({ status, type, message }: HttpError): Problem {
  if (type === 'entity.too.large') return new Problem(413, 'body_too_large', 'The body is larger than 1 MiB.')
  if (status === 415) return new Problem(415, 'unsupported_media_type', 'Send JSON in UTF-8, not compressed.')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Problem(400, 'malformed_json', `The body is no JSON object: ${String(message)}`)
  }
  return new Problem(500, 'internal_error', 'The service failed. Its log says why.')
}

export const notFound: RequestHandler = (req) => {
  throw new Problem(404, 'route_not_found', `There is no ${req.path}.`)
}

/** Four parameters mark it as an error handler to Express. */
export const answerProblem: ErrorRequestHandler = (error, _req, res, next) => {
  const problem = error instanceof Problem ? error : fromHttpError(error as HttpError)
  if (problem.status === 500)
    process.stderr.write(`${JSON.stringify({ msg: 'failed', error: String(error?.stack) })}\n`)
  if (res.headersSent) return next(error)
  const { headers, ...extra } = problem.extra
  const { status, code } = problem
  const body = { type: `urn:farebox:analytics:${code}`, title: TITLES[status], status, code, detail: problem.message }
  res.status(status).set(headers ?? {})
  res.type('application/problem+json').send(JSON.stringify({ ...body, ...extra }))
}
