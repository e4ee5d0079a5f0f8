export interface RpcCall {
  method: string
  params: readonly unknown[]
}

/**
 * Sends calls in one JSON-RPC batch and gives their results in order.
 *
 * The node may run them side by side: none may rely on another of the same batch.
 */
export async function batch(url: string, calls: readonly RpcCall[]): Promise<unknown[]> {
  const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })))
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const replies = (await response.json()) as { id: number; result?: unknown; error?: { message: string } }[]
  return calls.map(({ method }, id) => {
    const reply = replies.find((each) => each.id === id)
    if (reply === undefined || reply.error) throw new Error(`${method}: ${reply?.error?.message ?? 'no answer'}`)
    return reply.result
  })
}
