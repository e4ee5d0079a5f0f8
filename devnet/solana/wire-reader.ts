/** The bytes are not a transaction; `message` names what is wrong. */
export class MalformedTransaction extends Error {
  override name = 'MalformedTransaction'
}

/** Reads Solana's wire format from the front; every read past the end is refused. */
export class WireReader {
  readonly bytes: Uint8Array
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.offset = offset
  }

  get atEnd(): boolean {
    return this.offset === this.bytes.length
  }

  byte(): number {
    const value = this.bytes[this.offset]
    if (value === undefined) throw new MalformedTransaction('io error: failed to fill whole buffer')
    this.offset += 1
    return value
  }

  take(length: number): Uint8Array {
    const end = this.offset + length
    if (end > this.bytes.length) throw new MalformedTransaction('io error: failed to fill whole buffer')
    const taken = this.bytes.subarray(this.offset, end)
    this.offset = end
    return taken
  }

  /** A compact-u16. A longer spelling of a number than it needs is refused, as by every node (`AliasEncoding`). */
  shortU16(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      if (byte === 0 && shift > 0) throw new MalformedTransaction('compact-u16 is not in its shortest form')
      if (shift === 14 && byte > 3) throw new MalformedTransaction('compact-u16 does not fit 16 bits')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.shortU16() }, read)
  }
}
