import { Readable } from 'node:stream'

export type Read =
  | { readonly outcome: 'whole'; readonly bytes: Uint8Array }
  | { readonly outcome: 'more'; readonly body: Readable }
  | { readonly outcome: 'broke' }

/** Reads a body that is expected to be small; one that is not is given back as a stream of all its bytes. */
export async function readUpTo(body: Readable, limit: number): Promise<Read> {
  const pieces: Uint8Array[] = []
  let length = 0
  const rest = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  try {
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      pieces.push(next.value)
      length += next.value.length
      if (length > limit) return { outcome: 'more', body: Readable.from(chain(pieces, rest)) }
    }
  } catch {
    return { outcome: 'broke' }
  }
  return { outcome: 'whole', bytes: Buffer.concat(pieces, length) }
}

async function* chain(pieces: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** Runs something when the first piece is there, before it goes on. What it throws breaks the body off. */
export function beforeFirst(body: Readable, run: () => Promise<void>): Readable {
  return Readable.from(
    (async function* () {
      let first = true
      for await (const piece of body as AsyncIterable<Uint8Array>) {
        if (first) await run()
        first = false
        yield piece
      }
    })(),
  )
}

/** Runs something when all is there but its last piece, before that goes on. What it throws breaks the body off. */
export function beforeLast(body: Readable, run: () => Promise<void>): Readable {
  return Readable.from(
    (async function* () {
      let held: Uint8Array | undefined
      for await (const piece of body as AsyncIterable<Uint8Array>) {
        if (held) yield held
        held = piece
      }
      await run()
      if (held) yield held
    })(),
  )
}
