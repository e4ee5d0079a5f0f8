/** A published client, or a payer as agents write one, with a wallet that has funds. */
export interface Payer {
  /** What its users call it. */
  readonly client: string
  readonly protocol: 'v1' | 'v2'
  /** CAIP-2. */
  readonly network: string
  readonly asset: string
  readonly address: string
  /**
   * Asks, is told the price, pays it and asks again.
   *
   * @throws when the client itself refuses to pay; a refusal of the gateway is an answer.
   */
  pay(url: string, init?: CallInit): Promise<PaidAnswer>
}

export interface PayerOptions {
  /** The most it may pay for a call, in atomic units; by default the client's own limit. */
  readonly cap?: bigint
}

export interface CallInit {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

export interface PaidAnswer {
  readonly status: number
  /** The JSON of the answer. */
  readonly body: unknown
  /** As the client's own decoder reads it. */
  readonly receipt: Receipt | undefined
  /** The payment as it went over the wire, so that it can be sent again byte for byte; undefined when none was asked for. */
  readonly sent: SentPayment | undefined
}

/** PAYMENT-RESPONSE, or X-PAYMENT-RESPONSE in v1. */
export interface Receipt {
  readonly success: boolean
  readonly transaction: string
  readonly network: string
  readonly payer?: string | undefined
}

/** A header field. */
export interface SentPayment {
  readonly name: string
  readonly value: string
}

export const PAYMENT_HEADERS = { v1: 'X-PAYMENT', v2: 'PAYMENT-SIGNATURE' } as const
export const RECEIPT_HEADERS = { v1: 'X-PAYMENT-RESPONSE', v2: 'PAYMENT-RESPONSE' } as const

export const encodeJson = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')
export const decodeJson = <T>(text: string): T => JSON.parse(Buffer.from(text, 'base64').toString()) as T
