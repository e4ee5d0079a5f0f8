const CRLF = '\r\n'
/** Kinds whose first line says how many bytes follow: bulk string, bulk error, verbatim string. */
const BULK = '$!='
/** Kinds whose first line says how many values follow: array, set, push. */
const LISTS = '*~>'
/** Kinds whose first line says how many pairs of values follow: map, attribute. */
const MAPS = '%|'

/**
 * Cuts a stream of the Redis protocol (RESP2 and RESP3) into whole messages: commands one way, replies the other.
 *
 * @returns takes what has come in, gives the messages that are whole by now
 */
export function respFramer(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const messages: Buffer[] = []
    let start = 0
    for (let end = endOf(rest, 0); end !== undefined; end = endOf(rest, start)) {
      messages.push(rest.subarray(start, end))
      start = end
    }
    rest = rest.subarray(start)
    return messages
  }
}

/** The name of a command, or what kind a reply is: for people who read of a kill point. */
export function respLabel(message: Buffer): string {
  const [first = '', , name] = message.subarray(0, 64).toString('latin1').split(CRLF)
  return first.startsWith('*') && name !== undefined ? name : first.slice(0, 1)
}

/** Where the value that begins at `from` ends; undefined while some of it is missing. */
function endOf(bytes: Buffer, from: number): number | undefined {
  const line = bytes.indexOf(CRLF, from)
  if (line === -1) return undefined
  const kind = String.fromCharCode(bytes[from] ?? 0)
  const after = line + CRLF.length
  const count = Number(bytes.toString('latin1', from + 1, line))
  if (BULK.includes(kind)) {
    const end = count < 0 ? after : after + count + CRLF.length
    return end <= bytes.length ? end : undefined
  }
  // An attribute is followed by the value that it describes.
  const values = LISTS.includes(kind) ? count : MAPS.includes(kind) ? count * 2 + (kind === '|' ? 1 : 0) : 0
  let end: number | undefined = after
  for (let value = 0; value < values && end !== undefined; value++) end = endOf(bytes, end)
  return end
}
