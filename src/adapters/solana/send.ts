import type { Rpc } from '../rpc.ts'
import { text } from './shapes.ts'

/** Hands a transaction to the node, once or once more; what comes of it is for the chain to say. */
export async function submit(rpc: Rpc, raw: string | undefined): Promise<void> {
  if (raw === undefined) return
  await rpc
    .call('sendTransaction', [raw, { encoding: 'base64', skipPreflight: true, maxRetries: 0 }], text)
    .catch(() => undefined)
}
