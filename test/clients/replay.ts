import type { CallInit, SentPayment } from './payer.ts'

/** Sends a call with a payment that was sent before, byte for byte. */
export async function replay(url: string, sent: SentPayment, init: CallInit = {}) {
  const response = await fetch(url, { ...init, headers: { ...init.headers, [sent.name]: sent.value } })
  const body = (await response.json()) as { code?: string } & Record<string, unknown>
  return { status: response.status, code: body.code, body, headers: response.headers }
}
