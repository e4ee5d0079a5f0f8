import type { methodTable } from './methods.ts'
import { Params } from './params.ts'
import { CODE, RpcError } from './rpc-error.ts'

type Id = string | number | null
type Reply = { jsonrpc: '2.0'; id: Id } & (
  | { result: unknown }
  | { error: { code: number; message: string; data?: unknown } }
)

/**
 * Answers the body of one request: a call, or a batch of them.
 *
 * Undefined when there is nothing to say, because all of it were notifications.
 */
export function dispatch(methods: ReturnType<typeof methodTable>, body: string): Reply | Reply[] | undefined {
  let request: unknown
  try {
    request = JSON.parse(body)
  } catch {
    return failure(null, new RpcError('parse', 'Parse error'))
  }
  if (!Array.isArray(request)) return answer(methods, request)
  if (request.length === 0) return failure(null, new RpcError('invalidRequest', 'Invalid request'))
  const replies = request.flatMap((call) => answer(methods, call) ?? [])
  return replies.length === 0 ? undefined : replies
}

function answer(methods: ReturnType<typeof methodTable>, call: unknown): Reply | undefined {
  if (!isCall(call)) return failure(null, new RpcError('invalidRequest', 'Invalid request'))
  const reply = run(methods, call)
  return call.id === undefined ? undefined : reply
}

function run(methods: ReturnType<typeof methodTable>, { id = null, method, params }: Call): Reply {
  try {
    const handle = methods.get(method)
    if (handle === undefined) throw new RpcError('methodNotFound', 'Method not found')
    return { jsonrpc: '2.0', id, result: handle(new Params(params)) }
  } catch (error) {
    return failure(id, error)
  }
}

interface Call {
  id?: Id
  method: string
  params?: unknown
}

const isCall = (value: unknown): value is Call =>
  typeof value === 'object' && value !== null && 'method' in value && typeof value.method === 'string'

function failure(id: Id, error: unknown): Reply {
  if (!(error instanceof RpcError)) {
    const message = error instanceof Error ? error.message : String(error)
    return { jsonrpc: '2.0', id, error: { code: CODE.internal, message: `Internal error: ${message}` } }
  }
  const { code, message, data } = error
  return { jsonrpc: '2.0', id, error: { code, message, ...(data !== undefined && { data }) } }
}
