import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SolanaChain, startSolana } from '../../../devnet/solana/index.ts'
import { BASE64, base64Of, callOf, usdcTransfer } from './support.ts'

const USDC = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU'
let chain: SolanaChain
let call: ReturnType<typeof callOf>

beforeAll(async () => {
  chain = await startSolana({ slotMs: 3_600_000 })
  call = callOf(chain)
})
afterAll(() => chain.stop())

const value = async (method: string, ...params: unknown[]) => (await call(method, ...params)).result.value

test('the genesis holds two mints, a payer with both tokens, a payee, and a fee payer with SOL', async () => {
  const { payer, payee, feePayer } = chain.accounts
  expect(chain.assets.USDC).toBe(USDC)
  expect((await call('getGenesisHash')).result.slice(0, 32)).toBe(chain.network.split(':')[1])
  expect(await chain.balanceOf(USDC, payer.address)).toBe(1_000_000_000_000n)
  expect(await chain.balanceOf(chain.assets.TMAI, payer.address)).toBe(1_000_000_000_000_000n)
  expect(await chain.balanceOf(USDC, payee.address)).toBe(0n)
  expect(await value('getBalance', feePayer.address)).toBe(1_000_000_000_000)
  const mint = await value('getAccountInfo', chain.assets.TMAI, { encoding: 'jsonParsed' })
  expect(mint.data.parsed).toMatchObject({ type: 'mint', info: { decimals: 9, freezeAuthority: null } })
})

test('addresses are the same on every run', async () => {
  const second = await startSolana()
  expect([second.accounts, second.assets]).toEqual([chain.accounts, chain.assets])
  await second.stop()
})

test('a token account reads the same by every call', async () => {
  const { address: owner } = chain.accounts.payee
  await chain.fund(owner, { usdc: 1_500_000n })
  const account = await chain.tokenAccount(USDC, owner)
  const amount = { amount: '1500000', decimals: 6, uiAmount: 1.5, uiAmountString: '1.5' }
  expect(await value('getTokenAccountBalance', account)).toEqual(amount)
  const [listed] = await value('getTokenAccountsByOwner', owner, { mint: USDC }, { encoding: 'jsonParsed' })
  expect(listed).toMatchObject({ pubkey: account, account: { data: { parsed: { info: { tokenAmount: amount } } } } })
  const programId = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
  expect(await value('getTokenAccountsByOwner', owner, { programId }, BASE64)).toHaveLength(2)
  const [raw, missing] = await value('getMultipleAccounts', [account, chain.createKeypair('none').address], BASE64)
  expect(Buffer.from(raw.data[0], 'base64').readBigUInt64LE(64)).toBe(1_500_000n)
  expect(missing).toBeNull()
  const dataSlice = { offset: 64, length: 8 }
  const sliced = await value('getAccountInfo', account, { encoding: 'base64', dataSlice })
  expect(Buffer.from(sliced.data[0], 'base64').readBigUInt64LE()).toBe(1_500_000n)
  expect((await value('getTokenSupply', USDC)).amount).toBe('1000001500000')
})

test('an account too large for base58 is refused in base58', async () => {
  const account = await chain.tokenAccount(USDC, chain.accounts.payer.address)
  expect((await call('getAccountInfo', account)).error?.code).toBe(-32600)
})

test('numbers past 2^53 are written out exactly', async () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getAccountInfo', params: [USDC, BASE64] })
  const headers = { 'content-type': 'application/json' }
  const text = await (await fetch(chain.rpcUrl, { method: 'POST', headers, body })).text()
  expect(text).toContain('"rentEpoch":18446744073709551615')
})

test('a simulation shows the accounts as they would be, and leaves them as they are', async () => {
  const before = await chain.balanceOf(USDC, chain.accounts.payee.address)
  const account = await chain.tokenAccount(USDC, chain.accounts.payee.address)
  const accounts = { encoding: 'base64', addresses: [account, USDC] }
  const wire = base64Of(await usdcTransfer(chain, { amount: 5n }))
  const run = await value('simulateTransaction', wire, { ...BASE64, accounts, innerInstructions: true })
  expect(run).toMatchObject({ err: null, innerInstructions: [] })
  expect(run.unitsConsumed).toBeGreaterThan(50)
  expect(Buffer.from(run.accounts[0].data[0], 'base64').readBigUInt64LE(64)).toBe(before + 5n)
  expect(await chain.balanceOf(USDC, chain.accounts.payee.address)).toBe(before)
})

test('an airdrop is a transaction like any other, and two of them are two', async () => {
  const { address } = chain.createKeypair('newcomer')
  const signatures = await Promise.all([1, 2].map(() => call('requestAirdrop', address, 1_000_000_000)))
  const statuses = await value(
    'getSignatureStatuses',
    signatures.map(({ result }) => result),
  )
  expect(statuses.map((status: { err: unknown }) => status.err)).toEqual([null, null])
  expect(await value('getBalance', address)).toBe(2_000_000_000)
})

test('a fee is known before it is paid', async () => {
  const message = (await usdcTransfer(chain)).compileMessage().serialize().toString('base64')
  expect(await value('getFeeForMessage', message, { commitment: 'processed' })).toBe(10_000)
  chain.advance(151)
  expect(await value('getFeeForMessage', message, { commitment: 'processed' })).toBeNull()
})
