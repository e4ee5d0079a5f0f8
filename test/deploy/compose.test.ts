import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ACCOUNTS } from '../../devnet/evm/accounts.ts'
import { ROOT } from '../../devnet/services.ts'
import { keypairOf } from '../../devnet/solana/keypair.ts'
import { readPricing } from '../../src/settings.ts'
import { compose, gatewayOf, serviceOf, servicesOf } from './support/compose.ts'
import { chainOf, parseDockerfile } from './support/dockerfile.ts'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const stages = parseDockerfile(read('Dockerfile'))
const services = Object.entries(compose.services)
/** Names that pricing.json takes from the environment, and whether it has something to fall back on. */
const names = [...read('pricing.json').matchAll(/\$\{(\w+)(:-[^}]*)?\}/g)].map(([, name = '', fallback]) => ({
  name,
  needed: fallback === undefined,
}))

describe('the profiles', () => {
  test('are dev, with chains and an upstream, and production, without', () => {
    const inProfile = (profile: string) => servicesOf(profile).map(([name]) => name)
    expect(inProfile('dev').sort()).toEqual(['devnet', 'gateway-dev', 'redis', 'upstream'])
    expect(inProfile('production').sort()).toEqual(['gateway', 'redis'])
    expect(services.filter(([, { profiles }]) => profiles.length === 0)).toEqual([])
  })

  test.each(services)('%s waits only for what its profile starts and what says when it is ready', (_, service) => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition).toBe('service_healthy')
      expect(serviceOf(needed).healthcheck?.test[0]).toMatch(/^CMD/)
      expect(serviceOf(needed).profiles).toEqual(expect.arrayContaining([...service.profiles]))
    }
  })

  test('a gateway waits for everything it calls', () => {
    expect(Object.keys(gatewayOf('dev').depends_on ?? {}).sort()).toEqual(['devnet', 'redis', 'upstream'])
    expect(Object.keys(gatewayOf('production').depends_on ?? {})).toEqual(['redis'])
  })
})

describe('redis', () => {
  const { command = [], volumes, image, ports } = serviceOf('redis')
  const flag = (name: string) => command[command.indexOf(name) + 1]

  test('writes every record down and evicts none', () => {
    expect(image).toBe('redis:7')
    expect(command[0]).toBe('redis-server')
    expect(flag('--appendonly')).toBe('yes')
    expect(flag('--maxmemory-policy')).toBe('noeviction')
    expect(volumes).toEqual(['redis:/data'])
    expect(compose.volumes).toHaveProperty('redis')
  })
  test('is nobody else’s to reach', () => expect(ports).toBeUndefined())
})

describe('a gateway', () => {
  test.each(['dev', 'production'])('of %s is given all that pricing.json names', (profile) => {
    const { environment = {} } = gatewayOf(profile)
    for (const { name } of names.filter(({ needed }) => needed)) expect(environment).toHaveProperty(name)
    expect(environment['REDIS_URL']).toBe('redis://redis:6379')
  })

  test('of production can also be given what pricing.json has a default for', () => {
    const { environment = {} } = gatewayOf('production')
    for (const { name } of names) expect(environment).toHaveProperty(name)
  })

  test('of dev can read pricing.json with nothing else in its environment', () => {
    const env = gatewayOf('dev').environment as Record<string, string>
    expect(Object.values(env).filter((value) => typeof value !== 'string')).toEqual([])
    const { networks, upstreams } = readPricing(join(ROOT, 'pricing.json'), env)
    expect(networks['base']).toMatchObject({ facilitator: 'embedded', relayer: ACCOUNTS.relayer.privateKey })
    expect(networks['base']?.payTo).toBe(ACCOUNTS.payee.address)
    expect(networks['solana']).toMatchObject({ facilitator: 'embedded', feePayer: keypairOf('fee payer').secretKey })
    expect(networks['solana']?.payTo).toBe(keypairOf('payee').address)
    const token = serviceOf('upstream').environment?.['ANALYTICS_TOKEN']
    expect(upstreams['analytics']?.headers['authorization']).toBe(`Bearer ${token}`)
  })

  test('of production is given no value but the address of its store', () => {
    const { environment = {}, ...rest } = gatewayOf('production')
    const given = Object.entries(environment).filter(([, value]) => value !== null)
    expect(given).toEqual([['REDIS_URL', 'redis://redis:6379']])
    // Neither of the chains' kinds of key stands anywhere else.
    expect(JSON.stringify([rest, serviceOf('redis')])).not.toMatch(/[0-9a-f]{64}|[1-9A-HJ-NP-Za-km-z]{80}/)
  })

  test('of production finds files to refer to where pricing.json looks for them', () => {
    expect(gatewayOf('production').volumes).toEqual([
      './pricing.json:/app/pricing.json:ro',
      './secrets:/run/secrets:ro',
    ])
  })

  test('is given longer to stop than it lets a request take', () => {
    const [, drainMs = ''] = /DRAIN_MS = ([\d_]+)/.exec(read('src/adapters/edge/server.ts')) ?? []
    for (const profile of ['dev', 'production']) {
      const grace = Number.parseInt(gatewayOf(profile).stop_grace_period ?? '0', 10)
      expect(grace * 1_000).toBeGreaterThan(Number(drainMs.replaceAll('_', '')))
    }
  })
})

describe('every service', () => {
  test.each(services)('%s is unprivileged, and writes only where it is meant to', (_, service) => {
    expect(service.user).toMatch(/^(node|redis)$/)
    expect(service.read_only).toBe(true)
    expect(service.tmpfs).toEqual([expect.stringMatching(/^\/tmp:/)])
    expect(service.cap_drop).toEqual(['ALL'])
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
  })
  test.each(services)('%s gets its signals, and is reached from this machine alone', (_, service) => {
    expect(service.init).toBe(true)
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
  })
  test.each(services.filter(([, { build }]) => build))(
    '%s is built from a stage of the Dockerfile',
    (_, { build, user }) => {
      const { context, target = '' } = build ?? {}
      expect(context).toBe('.')
      const users = chainOf(stages, target).flatMap(({ instructions }) =>
        instructions.filter(({ name }) => name === 'USER'),
      )
      expect(users.at(-1)?.args).toBe(user)
    },
  )
})

test('the gateway listens on the port that is published', () => {
  for (const profile of ['dev', 'production']) expect(gatewayOf(profile).ports).toEqual(['127.0.0.1:4020:4020'])
  expect(gatewayOf('dev').environment).not.toHaveProperty('PORT')
  expect(read('Dockerfile')).toContain('PORT=4020')
})
