import { createHash } from 'node:crypto'
import type { Fingerprint } from './ids.ts'

/** A request as the edge read it, once. Nothing downstream parses the target or a header again. */
export interface EdgeRequest {
  readonly id: string
  readonly method: string
  /** The target exactly as it arrived (origin-form); it is refused or forwarded, never rewritten. */
  readonly target: string
  /** Scheme and authority under which the caller reached us, for absolute URLs in quotes. */
  readonly origin: string
  /** Header fields by lower-case name; a name that came twice holds both values. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly hasBody: boolean
  /** Reads the whole body, bounded; throws nothing, tells what went wrong. */
  readBody(): Promise<Body>
  /** The body as it comes in, for routes that read nothing from it. */
  stream(): AsyncIterable<Uint8Array>
}

export type Body =
  | { readonly outcome: 'read'; readonly bytes: Uint8Array }
  | { readonly outcome: 'too-large' | 'aborted' }

/** The target in its parts, seen to be unambiguous. */
export interface Target {
  /** Path and query as they are forwarded: byte for byte what arrived. */
  readonly raw: string
  readonly path: string
  /** Decoded query, in order. */
  readonly query: readonly (readonly [key: string, value: string])[]
}

/** What is forwarded, and so what is priced. */
export interface PricedRequest {
  readonly method: string
  readonly target: Target
  readonly body: Uint8Array
  readonly fingerprint: Fingerprint
}

/** A request in 32 bytes: method, target as forwarded, body. HEAD and GET differ in what is delivered, so they are different requests. */
export function fingerprintOf(method: string, target: string, body: Uint8Array): Fingerprint {
  return createHash('sha256').update(`${method} ${target}\n`).update(body).digest('base64url') as Fingerprint
}

/** The single value of a header, or undefined where it is absent. */
export function header(request: EdgeRequest, name: string): string | undefined {
  return request.headers.get(name)?.[0]
}

/** The path of a target: what stands before its query. */
export function pathOf(target: string): string {
  const cut = target.indexOf('?')
  return cut < 0 ? target : target.slice(0, cut)
}
