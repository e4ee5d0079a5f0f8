import type { AxiosInstance } from 'axios'
import {
  PAYMENT_HEADERS,
  type PaidAnswer,
  type Payer,
  RECEIPT_HEADERS,
  type Receipt,
  type SentPayment,
} from './payer.ts'

type Protocol = Payer['protocol']

/** Listens to what one call of a client sends, and changes none of it. */
export class Recorder {
  readonly #protocol: Protocol
  #sent: SentPayment | undefined

  constructor(protocol: Protocol) {
    this.#protocol = protocol
  }

  /** For clients that are given a fetch. */
  readonly fetch: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
    this.#keep(headers.get(PAYMENT_HEADERS[this.#protocol]))
    return fetch(input, init)
  }

  /** For clients that are given an axios. */
  listen(axios: AxiosInstance): AxiosInstance {
    axios.interceptors.request.use((config) => {
      this.#keep(config.headers.get(PAYMENT_HEADERS[this.#protocol]))
      return config
    })
    return axios
  }

  /** What the client was answered in the end. */
  answer(
    response: { status: number; body: unknown; header: (name: string) => string | null | undefined },
    decodeReceipt: (header: string) => Receipt,
  ): PaidAnswer {
    const receipt = response.header(RECEIPT_HEADERS[this.#protocol])
    return {
      status: response.status,
      body: response.body,
      receipt: receipt ? decodeReceipt(receipt) : undefined,
      sent: this.#sent,
    }
  }

  #keep(value: unknown): void {
    if (typeof value === 'string') this.#sent = { name: PAYMENT_HEADERS[this.#protocol], value }
  }
}

/** The parts of a fetch Response that an answer is made of. */
export async function readResponse(response: Response) {
  const text = await response.text()
  return { status: response.status, body: parse(text), header: (name: string) => response.headers.get(name) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
