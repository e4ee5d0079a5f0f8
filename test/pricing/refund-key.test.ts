import { expect, test } from 'vitest'
import { BadPricing, parsePricing } from '../../src/pricing/load.ts'
import { PAYEE, SOLANA_DEVNET, SOLANA_PAYEE } from '../support/fixtures.ts'

const RELAYER = `0x${'a1'.repeat(32)}`
const OTHER = `0x${'b2'.repeat(32)}`
const FEE_PAYER = '1'.repeat(85)

/** Reads a price list whose networks have these members, with secrets named by their values. */
function faultsOf(base: Record<string, unknown>, solana: Record<string, unknown> = {}): string[] {
  const env: Record<string, string> = { RELAYER, OTHER, UPPER: RELAYER.toUpperCase().replace('0X', '0x'), FEE_PAYER }
  const networks = {
    base: { id: 'eip155:84532', payTo: PAYEE, rpc: 'http://127.0.0.1:1', relayer: '${RELAYER}', ...base },
    solana: {
      id: SOLANA_DEVNET,
      payTo: SOLANA_PAYEE,
      rpc: 'http://127.0.0.1:1',
      feePayer: '${FEE_PAYER}',
      ...solana,
    },
  }
  const json = JSON.stringify({ networks, assets: {}, upstreams: {}, routes: {} })
  try {
    parsePricing(json, { env: (name) => env[name], file: () => undefined })
    return []
  } catch (error) {
    if (!(error instanceof BadPricing)) throw error
    return error.faults.map(({ pointer }) => pointer)
  }
}

test('refunds on Base are paid from a key that is no relayer, for the nonces’ sake', () => {
  expect(faultsOf({ refund: '${OTHER}' })).toEqual([])
  for (const refund of ['${RELAYER}', '${UPPER}']) expect(faultsOf({ refund })).toEqual(['/networks/base/refund'])
  expect(faultsOf({ relayer: ['${OTHER}', '${RELAYER}'], refund: '${RELAYER}' })).toEqual(['/networks/base/refund'])
})

test('refunds on Solana may be paid by the fee payer', () => {
  expect(faultsOf({}, { refund: '${FEE_PAYER}' })).toEqual([])
})

test('a refund key that is written out is refused', () => {
  expect(faultsOf({ refund: OTHER })).toEqual(['/networks/base/refund'])
  expect(faultsOf({}, { refund: FEE_PAYER })).toEqual(['/networks/solana/refund'])
})
