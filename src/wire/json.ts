/** How deep JSON from outside may nest. */
const MAX_DEPTH = 64

/** Thrown by parseStrict; its message is safe to show to the caller. */
export class AmbiguousJson extends Error {
  override readonly name = 'AmbiguousJson'
}

interface StrictOptions {
  /** Keys that differ in case alone are taken for the same: another reader may do so (threats T19). */
  readonly foldCase?: boolean
}

/**
 * Parses JSON that every reader understands alike: no key twice in an object, no `__proto__`, no number that is lost in a
 * double (RFC 8259 section 4 leaves duplicate names undefined).
 *
 * @throws AmbiguousJson, SyntaxError
 */
export function parseStrict(text: string, { foldCase = false }: StrictOptions = {}): unknown {
  const value: unknown = JSON.parse(text)
  checkTokens(text, foldCase)
  return value
}

// Strings, then what opens and closes, then what separates, then every other token. The text is known to be valid JSON.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** One pass over the tokens; `undefined` stands for an array, a set for the keys of an object. */
function checkTokens(text: string, foldCase: boolean): void {
  const open: (Set<string> | undefined)[] = []
  let keyNext = false
  for (const [token] of text.matchAll(TOKEN)) {
    const keys = open.at(-1)
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined)
      if (open.length > MAX_DEPTH) throw new AmbiguousJson(`The JSON nests deeper than ${MAX_DEPTH}.`)
      keyNext = token === '{'
    } else if (token === '}' || token === ']') {
      open.pop()
      keyNext = false
    } else if (token === ',') {
      keyNext = keys !== undefined
    } else if (token === ':') {
      keyNext = false
    } else if (keyNext && keys) {
      addKey(keys, JSON.parse(token) as string, foldCase)
    } else if (token.charCodeAt(0) !== 0x22) {
      checkNumber(token)
    }
  }
}

function addKey(keys: Set<string>, key: string, foldCase: boolean): void {
  if (key === '__proto__') throw new AmbiguousJson('The JSON has a key "__proto__".')
  const name = foldCase ? key.toLowerCase() : key
  if (keys.has(name)) throw new AmbiguousJson(`The JSON has the key ${JSON.stringify(key)} more than once.`)
  keys.add(name)
}

function checkNumber(token: string): void {
  if (!Number.isFinite(Number(token)) && token !== 'null' && token !== 'true' && token !== 'false') {
    throw new AmbiguousJson('The JSON has a number that is out of range.')
  }
}
