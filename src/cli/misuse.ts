/** The command cannot be run as it was written. */
export class Misused extends Error {
  override readonly name = 'Misused'
}

/** node:util's parseArgs throws errors with codes of its own. */
export function isMisuse(error: unknown): error is Error {
  const { code } = error as { code?: unknown }
  return error instanceof Misused || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'))
}
