import { expect, test } from 'vitest'
import { parsePricing } from '../../src/pricing/load.ts'
import { BASE_SEPOLIA, PAYEE } from '../support/fixtures.ts'

const read = (facilitator: unknown) =>
  parsePricing(
    JSON.stringify({
      networks: { base: { id: BASE_SEPOLIA, payTo: PAYEE, rpc: 'http://127.0.0.1:8545', facilitator } },
      assets: {},
      upstreams: {},
      routes: {},
    }),
    { env: () => undefined, file: () => undefined },
  ).networks['base']?.facilitator

const urls = (count: number) => Array.from({ length: count }, (_, index) => `https://f${index}.example/x402`)

test.each([
  ['one URL', urls(1)[0]],
  ['a list of one', urls(1)],
  ['a list of eight', urls(8)],
])('remote facilitators: %s, and no relayer is asked for', (_, facilitator) => {
  expect(read(facilitator)).toEqual(facilitator)
})

test.each([
  ['none', []],
  ['nine', urls(9)],
  ['one that is no URL', ['https://f.example', 'f.example']],
  ['one with credentials', ['https://user:secret@f.example']],
  ['the embedded one among them', ['embedded', 'https://f.example']],
  ['the same one twice', ['https://f.example/a', 'https://f.example:443/b']],
])('a list of remote facilitators is refused: %s', (_, facilitator) => {
  expect(() => read(facilitator)).toThrow(/facilitator/)
})
