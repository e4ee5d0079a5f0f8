import type { HeaderFields } from './upstream.ts'

/** A whole answer of the gateway's own, to be written as JSON. */
export interface Reply {
  readonly status: number
  readonly body: object
  /** Default: application/json. */
  readonly type?: string
  /** All but the content type. Default: no cache may keep it. */
  readonly headers?: HeaderFields
}
