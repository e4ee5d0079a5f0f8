/** Where the store is, and how it is reached. */
export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  readonly tls: boolean
  /** The server; or the Sentinels, or some nodes of the Cluster, of which one that answers is enough. */
  readonly hosts: readonly Host[]
  readonly username: string | undefined
  readonly password: string | undefined
  /** What the Sentinels call the primary. */
  readonly master: string | undefined
  readonly db: number
}

export interface Host {
  readonly host: string
  readonly port: number
}

/** REDIS_URL cannot be read; its message says what it may be, and repeats nothing of it: it may hold a password. */
export class BadRedisUrl extends Error {
  override readonly name = 'BadRedisUrl'
}

const FORM =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^/?#@]+)(?:\/(?<path>[^?#]*))?$/
const HOST = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^\s:[\]]+))(?::(?<port>\d{1,5}))?$/

/**
 * Reads REDIS_URL, in one of these forms; with `rediss` in place of `redis` each is spoken over TLS:
 *
 *     redis://[user:password@]host[:port][/db]
 *     redis+sentinel://[user:password@]host[:port],host[:port],…/master name[/db]     the hosts are Sentinels
 *     redis+cluster://[user:password@]host[:port],host[:port],…                       the hosts are nodes of the Cluster
 *
 * User and password are those of the servers, percent-encoded; Sentinels are asked without. Ports are 6379, a Sentinel's 26379.
 *
 * @throws BadRedisUrl
 */
export function parseRedisUrl(url: string): RedisTarget {
  const found = FORM.exec(url)?.groups
  if (!found)
    throw bad('it must be redis://host:port, redis+sentinel://host:port,…/name or redis+cluster://host:port,…')
  const kind = (found['kind'] ?? 'single') as RedisTarget['kind']
  const hosts = (found['hosts'] as string).split(',').map((text) => readHost(text, kind))
  if (kind === 'single' && hosts.length > 1)
    throw bad('it names several hosts: say redis+sentinel:// or redis+cluster:// for those')
  const [username, password] = readLogin(found['login'])
  const path = (found['path'] ?? '').split('/').filter((part) => part !== '')
  const master = kind === 'sentinel' ? path.shift() : undefined
  if (kind === 'sentinel' && master === undefined)
    throw bad('the name of the primary is missing: redis+sentinel://host:port,…/name')
  const [db = '0', ...rest] = path
  if (rest.length > 0 || !/^\d{1,4}$/.test(db)) throw bad('after the hosts only the number of a database may stand')
  if (kind === 'cluster' && db !== '0') throw bad('a Cluster has no numbered databases')
  return {
    kind,
    tls: found['tls'] === 's',
    hosts,
    username,
    password,
    master: master && decode(master),
    db: Number(db),
  }
}

function readHost(text: string, kind: RedisTarget['kind']): Host {
  const found = HOST.exec(text)?.groups
  const port = Number(found?.['port'] ?? (kind === 'sentinel' ? 26_379 : 6_379))
  const host = found?.['v6'] ?? found?.['name']
  if (host === undefined || port < 1 || port > 65_535) throw bad('a host must be name:port, or [IPv6 address]:port')
  return { host, port }
}

function readLogin(login = ''): [username: string | undefined, password: string | undefined] {
  const colon = login.indexOf(':')
  const [user, password] = colon < 0 ? [login, ''] : [login.slice(0, colon), login.slice(colon + 1)]
  return [decode(user) || undefined, decode(password) || undefined]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw bad('user, password and name must be percent-encoded')
  }
}

const bad = (why: string) => new BadRedisUrl(`REDIS_URL cannot be used: ${why}`)
