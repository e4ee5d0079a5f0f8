import { expect, test } from 'vitest'
import { readSupport } from '../../../src/adapters/facilitator/supported.ts'
import { BASE_SEPOLIA, MINT, SOLANA_DEVNET, SOLANA_PAYEE } from '../../support/fixtures.ts'

const FEE_PAYER = SOLANA_PAYEE
const OTHER_FEE_PAYER = MINT
const kind = (x402Version: number | undefined, network: string, more: object = {}) => ({
  ...(x402Version && { x402Version }),
  scheme: 'exact',
  network,
  ...more,
})

test.each<[string, object[], number[] | undefined]>([
  ['v2 by CAIP-2', [kind(2, BASE_SEPOLIA)], [2]],
  ['v1 by its own name', [kind(1, 'base-sepolia')], [1]],
  ['both', [kind(1, 'base-sepolia'), kind(2, BASE_SEPOLIA)], [2, 1]],
  ['v1 without a version', [kind(undefined, 'base-sepolia')], [1]],
  ['v1 by a CAIP-2 name, which v1 has not', [kind(1, BASE_SEPOLIA)], undefined],
  ['another network', [kind(2, 'eip155:8453'), kind(1, 'base')], undefined],
  ['another scheme', [kind(2, BASE_SEPOLIA, { scheme: 'upto' })], undefined],
  ['nothing', [], undefined],
])('on Base: %s', (_, kinds, versions) => {
  expect(readSupport({ kinds }, BASE_SEPOLIA)?.versions).toEqual(versions)
})

test('on Solana it is of use only with a fee payer, and one that is an address', () => {
  for (const feePayer of [undefined, 7, '', 'not an address', `${FEE_PAYER}<script>`])
    expect(readSupport({ kinds: [kind(2, SOLANA_DEVNET, { extra: { feePayer } })] }, SOLANA_DEVNET)).toBeUndefined()
  expect(
    readSupport({ kinds: [kind(2, SOLANA_DEVNET, { extra: { feePayer: FEE_PAYER } })] }, SOLANA_DEVNET),
  ).toStrictEqual({ versions: [2], feePayers: [FEE_PAYER] })
})

test('a facilitator that signs as several is known by all of them, the named one first', () => {
  const kinds = [
    kind(2, SOLANA_DEVNET, { extra: { feePayer: OTHER_FEE_PAYER } }),
    kind(1, 'solana-devnet', { extra: { feePayer: FEE_PAYER } }),
  ]
  const signers = {
    'solana:*': [FEE_PAYER, OTHER_FEE_PAYER, 'So11111111111111111111111111111111111111112'],
    'eip155:*': ['0x'],
  }
  expect(readSupport({ kinds, signers }, SOLANA_DEVNET)?.feePayers).toEqual([
    OTHER_FEE_PAYER,
    FEE_PAYER,
    'So11111111111111111111111111111111111111112',
  ])
})

test.each<[string, unknown]>([
  ['no answer', undefined],
  ['a text', 'ok'],
  ['{}', {}],
  ['kinds of another shape', { kinds: { exact: BASE_SEPOLIA } }],
  ['a kind of another shape', { kinds: [{ scheme: 'exact', network: 7 }] }],
])('%s: it supports nothing', (_, answer) => {
  expect(readSupport(answer, BASE_SEPOLIA)).toBeUndefined()
})
