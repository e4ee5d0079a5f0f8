/** Codes of JSON-RPC 2.0, and those a Solana node adds. */
export const CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  preflightFailure: -32002,
  signatureVerification: -32003,
  longTermStorageSlotSkipped: -32009,
  unsupportedTransactionVersion: -32015,
  minContextSlotNotReached: -32016,
} as const

export class RpcError extends Error {
  override name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: keyof typeof CODE, message: string, data?: unknown) {
    super(message)
    this.code = CODE[code]
    this.data = data
  }
}

export const invalidParams = (message: string): RpcError => new RpcError('invalidParams', message)
