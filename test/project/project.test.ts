import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorTable } from '../../src/cli/errors.ts'
import { pricingJsonSchema } from '../../src/pricing/json-schema.ts'

const FORBIDDEN = [
  ['src/domain/a.ts', '../ports/store.ts'],
  ['src/domain/a.ts', 'zod'],
  ['src/ports/a.ts', '../steps/check.ts'],
  ['src/ports/a.ts', 'ioredis'],
  ['src/pricing/a.ts', '../adapters/rpc.ts'],
  ['src/pricing/a.ts', 'node:fs'],
  ['src/wire/a.ts', '../pricing/load.ts'],
  ['src/steps/a.ts', './check.ts'],
  ['src/steps/a.ts', '../adapters/evm/network.ts'],
  ['src/steps/a.ts', 'ioredis'],
  ['src/line.ts', './adapters/rpc.ts'],
  ['src/adapters/evm/a.ts', '../../steps/check.ts'],
  ['src/adapters/edge/a.ts', '../../line.ts'],
  ['src/operate/a.ts', '../adapters/rpc.ts'],
  ['src/operate/a.ts', '../steps/check.ts'],
] as const
const ALLOWED = [
  ['src/domain/a.ts', './money.ts'],
  ['src/ports/a.ts', '../domain/ids.ts'],
  ['src/pricing/a.ts', '../domain/ids.ts'],
  ['src/steps/a.ts', '../ports/store.ts'],
  ['src/steps/a.ts', '../wire/v1.ts'],
  ['src/adapters/evm/a.ts', '../../ports/network.ts'],
  ['src/app.ts', './adapters/rpc.ts'],
] as const

describe('imports point one way', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'farebox-imports-'))
    cpSync('biome.json', join(directory, 'biome.json'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  /** Lints a tree that holds one file with one import. */
  const lint = (path: string, from: string): string => {
    const tree = mkdtempSync(join(directory, 'tree-'))
    mkdirSync(join(tree, dirname(path)), { recursive: true })
    cpSync(join(directory, 'biome.json'), join(tree, 'biome.json'))
    writeFileSync(join(tree, path), `import { x } from '${from}'\n\nexport const y = x\n`)
    const biome = join(process.cwd(), 'node_modules/.bin/biome')
    return spawnSync(biome, ['lint', '--vcs-enabled=false', '.'], { cwd: tree, encoding: 'utf8' }).stderr
  }
  test.each(FORBIDDEN)('%s may not import %s', (path, from) =>
    expect(lint(path, from)).toContain('noRestrictedImports'),
  )
  test.each(ALLOWED)('%s may import %s', (path, from) => expect(lint(path, from)).not.toContain('noRestrictedImports'))
})

test('the JSON Schema beside pricing.json is the one the code has', () => {
  expect(JSON.parse(readFileSync('pricing.schema.json', 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(pricingJsonSchema())),
  )
})

test('pricing.json fits its JSON Schema, and sells every route of the upstream at its price', () => {
  const pricing = JSON.parse(readFileSync('pricing.json', 'utf8'))
  const check = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync('pricing.schema.json', 'utf8')))
  expect(check(pricing) || check.errors).toBe(true)
  const catalogue = JSON.parse(readFileSync('upstreams/analytics/catalogue.json', 'utf8'))
  expect(Object.keys(pricing.routes)).toEqual(Object.keys(catalogue))
  for (const [key, { price, free, input, output, description }] of Object.entries(
    catalogue as Record<string, Record<string, unknown>>,
  )) {
    expect(pricing.routes[key]).toMatchObject(JSON.parse(JSON.stringify({ price, free, input, output, description })))
  }
})

test('the README holds the error table of the code', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(errorTable())
})
