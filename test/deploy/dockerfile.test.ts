import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../devnet/services.ts'
import { argsOf, chainOf, copiedFiles, ignores, parseDockerfile } from './support/dockerfile.ts'

const stages = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
const ignored = ignores(readFileSync(join(ROOT, '.dockerignore'), 'utf8'))
const last = stages.at(-1)
const gateway = chainOf(stages, last?.name ?? '')
const all = (name: string) => gateway.flatMap((stage) => argsOf(stage, name))
const asList = (json: string | undefined): unknown => JSON.parse(json ?? 'null')

describe('the Dockerfile', () => {
  test('ends with the gateway, built in another stage', () => {
    expect(last?.name).toBe('gateway')
    expect(gateway.map(({ name }) => name)).not.toContain('build')
    expect(chainOf(stages, 'build').flatMap((stage) => argsOf(stage, 'RUN'))).toContain('npm run build')
    expect(all('COPY').filter((args) => args.startsWith('--from='))).toEqual([
      '--from=production-dependencies /app/node_modules node_modules',
      '--from=build /app/dist dist',
    ])
  })

  test('has every stage stand on one Node 20', () => {
    const names = stages.map(({ name }) => name)
    const images = stages.map(({ from }) => from).filter((from) => !names.includes(from))
    expect(images).toEqual(['node:20-bookworm-slim'])
  })

  test('runs nothing as root', () => {
    for (const name of ['gateway', 'upstream', 'devnet']) {
      const { instructions = [] } = stages.find((stage) => stage.name === name) ?? {}
      const user = instructions.findIndex((each) => each.name === 'USER')
      expect(instructions[user]?.args, name).toBe('node')
      expect(instructions.slice(user).some((each) => ['RUN', 'COPY', 'ADD'].includes(each.name))).toBe(false)
    }
  })

  test('gives the gateway no dev dependency and nothing of the workspaces', () => {
    const installs = chainOf(stages, 'production-dependencies').flatMap((stage) => argsOf(stage, 'RUN'))
    expect(installs).toEqual([expect.stringMatching(/^npm ci --omit=dev --workspaces=false\b/)])
    expect(all('RUN').join('\n')).not.toContain('npm')
    expect(all('COPY').flatMap(copiedFiles)).toEqual(['package.json', 'pricing.json', 'pricing.schema.json', 'LICENSE'])
  })

  test('starts node itself, so that SIGTERM reaches it', () => {
    expect(all('CMD').map(asList)).toEqual([['node', 'dist/main.js']])
    expect(all('ENTRYPOINT')).toEqual([])
  })

  test('listens on every address of the container, and keeps the store in a volume of its user', () => {
    const env = Object.fromEntries(all('ENV').flatMap((args) => args.split(' ').map((pair) => pair.split('='))))
    expect(env).toMatchObject({ NODE_ENV: 'production', HOST: '0.0.0.0', STORE_DIR: '/var/lib/farebox' })
    expect(all('VOLUME')).toEqual([env['STORE_DIR']])
    expect(all('RUN').join('\n')).toContain(`chown node:node ${env['STORE_DIR']}`)
    expect(all('EXPOSE')).toEqual([env['PORT']])
  })

  test('asks /livez, with what the image has', () => {
    const [, command] = /^(?:--\S+ )*CMD (.*)$/.exec(all('HEALTHCHECK').join()) ?? []
    expect(asList(command)).toEqual(['node', '-e', expect.stringContaining("'/livez'")])
  })

  test('copies only files that are there and get into the context', () => {
    const copied = stages.flatMap((stage) => argsOf(stage, 'COPY').flatMap(copiedFiles))
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(copied.filter(ignored)).toEqual([])
  })
})

describe('.dockerignore', () => {
  test.each([
    'node_modules/viem/package.json',
    'upstreams/analytics/node_modules/express/index.js',
    '.git/config',
    '.devnet/devnet.json',
    '.farebox/data.mdb',
    '.env',
    'src/.env.local',
    'secrets/base_relayer_key',
    'dist/main.js',
    'devnet/devnet.log',
    'test/support/fixtures.ts',
    'upstreams/analytics/test/grade.test.ts',
    'whatever-comes.key',
  ])('keeps %s out', (path) => expect(ignored(path)).toBe(true))

  test.each([
    'src/main.ts',
    'package.json',
    'contracts/artifacts/Permit2.json',
    'upstreams/analytics/data/daily/btc.csv',
  ])('lets %s in', (path) => expect(ignored(path)).toBe(false))
})
