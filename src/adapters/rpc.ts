import type { z } from 'zod'
import { ChainUnavailable } from '../ports/network.ts'
import { askJson } from './http-json.ts'
import { Pool } from './undici.ts'

const TIMEOUT_MS = 10_000
const CONNECTIONS = 32
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/** An error that the node answered with, as JSON-RPC has it. Its message is for classification, never for callers. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** A JSON-RPC 2.0 client of one node. */
export interface Rpc {
  /**
   * @param shape what the result must look like; a node that answers otherwise has not answered
   * @throws RpcError when the node answers with an error
   * @throws ChainUnavailable when it does not answer, or not as a node answers
   */
  call<Result>(
    method: string,
    params: readonly unknown[],
    shape: z.ZodType<Result>,
    timeoutMs?: number,
  ): Promise<Result>
  close(): Promise<void>
}

/** Runs work for which a node's error is as good as no answer. */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RpcError) throw new ChainUnavailable(`error ${error.code}`)
    throw error
  }
}

interface RpcAnswer {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: { code?: unknown; message?: unknown; data?: unknown }
}

export function openRpc(url: string): Rpc {
  const { origin, pathname, search } = new URL(url)
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 })
  let lastId = 0
  return {
    async call<Result>(
      method: string,
      params: readonly unknown[],
      shape: z.ZodType<Result>,
      timeoutMs = TIMEOUT_MS,
    ): Promise<Result> {
      const id = ++lastId
      const answer = await post(
        pool,
        `${pathname}${search}`,
        JSON.stringify({ jsonrpc: '2.0', id, method, params }),
        timeoutMs,
      )
      if (answer.error) {
        const { code, message, data } = answer.error
        throw new RpcError(Number(code), String(message), data)
      }
      const result = shape.safeParse(answer.result)
      if (answer.id !== id || !result.success) throw new ChainUnavailable(`${method}: not an answer of its kind`)
      return result.data
    },
    close: () => pool.destroy(),
  }
}

async function post(pool: Pool, path: string, body: string, timeoutMs: number): Promise<RpcAnswer> {
  try {
    const json = await askJson(pool, { method: 'POST', path, body, timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES })
    if (typeof json !== 'object' || json === null) throw new Error('not an object')
    return json
  } catch (error) {
    throw new ChainUnavailable((error as Error).message)
  }
}
