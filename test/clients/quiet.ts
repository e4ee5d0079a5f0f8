/** What packages print when they are loaded, whatever they are used for. */
const KNOWN = [/^bigint: Failed to load bindings/, /punycode/]

/** Loads a package without the lines that are known to say nothing about its use here; all others are printed. */
export async function quietly<T>(load: () => Promise<T>): Promise<T> {
  const { warn } = console
  const { emitWarning } = process
  const known = (said: unknown) => KNOWN.some((line) => line.test(String(said)))
  console.warn = (...said) => void (known(said[0]) || warn(...said))
  process.emitWarning = ((...said: Parameters<typeof emitWarning>) =>
    void (known(said[0]) || emitWarning(...said))) as typeof emitWarning
  try {
    return await load()
  } finally {
    console.warn = warn
    process.emitWarning = emitWarning
  }
}
