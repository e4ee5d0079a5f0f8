/** Where `${NAME}` and `${file:/path}` in pricing.json get their values. */
export interface SecretSource {
  env(name: string): string | undefined
  file(path: string): string | undefined
}

/** Something wrong with pricing.json, at a place in it. */
export interface PricingFault {
  /** RFC 6901 JSON pointer. */
  readonly pointer: string
  readonly reason: string
}

const REFERENCE = /\$\{(?:file:([^}]+)|([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?)\}/g

/** Members that hold secrets: written out in the file they are refused, whatever their value. */
const SECRET_MEMBERS = new Set(['relayer', 'feePayer', 'refund'])

/**
 * Fills in every reference of a parsed pricing.json.
 *
 * `${NAME}` is the environment's, `${NAME:-default}` has a default, `${file:/run/secrets/x}` is a file's content without
 * its last line break. A secret that stands in the file itself is a fault.
 */
export function fillIn(value: unknown, source: SecretSource): { value: unknown; faults: PricingFault[] } {
  const faults: PricingFault[] = []
  const walk = (node: unknown, path: readonly string[]): unknown => {
    if (typeof node === 'string') return fillString(node, path)
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, String(index)]))
    if (typeof node !== 'object' || node === null) return node
    const members = Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key]), item] as const)
    // A member that is one reference to nothing, as in `${NAME:-}`, is as good as absent.
    return Object.fromEntries(
      members.filter(([, value, written]) => value !== '' || written === '').map(([key, value]) => [key, value]),
    )
  }
  const fillString = (text: string, path: readonly string[]): string => {
    const fault = (reason: string) => faults.push({ pointer: pointerTo(path), reason })
    if (holdsSecret(path) && !text.includes('${')) {
      fault('a secret does not belong in this file: write ${NAME} or ${file:/path} instead')
      return ''
    }
    return text.replace(
      REFERENCE,
      (_, file: string | undefined, name: string | undefined, fallback: string | undefined) => {
        const found = file !== undefined ? source.file(file) : (source.env(name ?? '') ?? fallback)
        if (found !== undefined) return found
        fault(file !== undefined ? `the file ${file} cannot be read` : `the environment has no ${name}`)
        return ''
      },
    )
  }
  return { value: walk(value, []), faults }
}

function holdsSecret(path: readonly string[]): boolean {
  const [top, , member] = path
  if (top === 'networks') return SECRET_MEMBERS.has(member ?? '')
  return (
    top === 'upstreams' &&
    member === 'headers' &&
    /^(authorization|cookie|.*(key|token|secret).*)$/i.test(path[3] ?? '') &&
    !path[4]
  )
}

export function pointerTo(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
