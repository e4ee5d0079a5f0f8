import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type SolanaChain, startSolana } from '../../../devnet/solana/index.ts'
import { BASE64, base64Of, callOf, usdcTransfer } from './support.ts'

let chain: SolanaChain
afterEach(() => chain.stop())

async function started(confirmMs: number): Promise<ReturnType<typeof callOf>> {
  chain = await startSolana({ confirmMs, slotMs: 3_600_000 })
  return callOf(chain)
}

async function sent(amount = 1n): Promise<string> {
  return (await callOf(chain)('sendTransaction', base64Of(await usdcTransfer(chain, { amount })), BASE64)).result
}

const statusOf = async (signature: string) =>
  (await callOf(chain)('getSignatureStatuses', [signature])).result.value[0]?.confirmationStatus

test('a transaction is confirmed at once when there is no delay, and final 32 blocks later', async () => {
  await started(0)
  const signature = await sent()
  expect(await statusOf(signature)).toBe('confirmed')
  chain.advance(31)
  expect(await statusOf(signature)).toBe('confirmed')
  chain.advance(1)
  expect(await statusOf(signature)).toBe('finalized')
})

test('a transaction waits for the delay before it is confirmed', async () => {
  await started(300)
  const signature = await sent()
  expect(await statusOf(signature)).toBe('processed')
  await sleep(350)
  expect(await statusOf(signature)).toBe('confirmed')
})

test('a delay without end never confirms, and what was confirmed before stays confirmed', async () => {
  await started(0)
  const early = await sent(1n)
  chain.setConfirmDelay(Number.POSITIVE_INFINITY)
  const late = await sent(2n)
  chain.advance(100)
  expect([await statusOf(early), await statusOf(late)]).toEqual(['confirmed', 'processed'])
  chain.setConfirmDelay(0)
  expect([await statusOf(early), await statusOf(late)]).toEqual(['finalized', 'finalized'])
})

test('what is not confirmed is in no history and cannot be fetched', async () => {
  const call = await started(Number.POSITIVE_INFINITY)
  const signature = await sent()
  const options = { commitment: 'confirmed' }
  const payee = chain.accounts.payee.address
  expect((await call('getTransaction', signature, options)).result).toBeNull()
  expect((await call('getSignaturesForAddress', payee, options)).result).toEqual([])
  chain.setConfirmDelay(0)
  expect((await call('getTransaction', signature, options)).result).toMatchObject({ meta: { err: null } })
  expect((await call('getTransaction', signature)).result).toBeNull()
  chain.advance(32)
  expect((await call('getTransaction', signature)).result).toMatchObject({ meta: { err: null } })
})

test('slots pass by themselves, and heights stay below them', async () => {
  chain = await startSolana({ slotMs: 20 })
  const call = callOf(chain)
  const slot = async () => (await call('getSlot', { commitment: 'processed' })).result
  const before = await slot()
  await sleep(200)
  expect(await slot()).toBeGreaterThan(before + 3)
  expect((await call('getBlockHeight', { commitment: 'processed' })).result).toBeLessThan(before)
  expect((await call('getSlot', { minContextSlot: 10 ** 12 })).error?.code).toBe(-32016)
})
