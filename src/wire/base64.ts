const PADDED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes padded standard base64 (RFC 4648 section 4) and nothing else; undefined for any other text. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!PADDED.test(text)) return undefined
  return Buffer.from(text, 'base64')
}

/** Decodes UTF-8, refusing what is none instead of replacing it; undefined when it is none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

export function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
