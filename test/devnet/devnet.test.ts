import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyPairSignerFromBytes } from '@solana/kit'
import { x402Client } from '@x402/core/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { wrapFetchWithPayment } from '@x402/fetch'
import { ExactSvmScheme } from '@x402/svm/exact/client'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, expect, test } from 'vitest'
import { startDevnet } from '../../devnet/index.ts'
import { fromBase58 } from '../../devnet/solana/bytes.ts'
import { childrenOf, isAlive } from './support.ts'

const dir = mkdtempSync(join(tmpdir(), 'farebox-devnet-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const ANY_PORT = { evmPort: 0, solanaPort: 0, upstreamPort: 0, gatewayPort: 0 }

test('a payment is taken on either chain, by several gateways on one store, of which one may crash', {
  timeout: 60_000,
}, async () => {
  const devnet = await startDevnet({ ...ANY_PORT, dir, instances: 2, writeFile: false })
  const { evm, solana, gateways } = devnet
  expect(new Set(gateways.map(({ url }) => url)).size).toBe(2)
  expect(existsSync(join(dir, 'devnet.json'))).toBe(false)

  const evmScheme = new ExactEvmScheme(privateKeyToAccount(evm.accounts.payer.privateKey))
  const pay = wrapFetchWithPayment(fetch, new x402Client().register(evm.network, evmScheme))
  const solanaPayer = await createKeyPairSignerFromBytes(fromBase58(solana.accounts.payer.secretKey))
  const solanaScheme = new ExactSvmScheme(solanaPayer, { rpcUrl: solana.rpcUrl })
  const payOnSolana = wrapFetchWithPayment(fetch, new x402Client().register(solana.network, solanaScheme))
  const [first, second] = gateways
  expect((await pay(`${first?.url}/v2/quantmetrics?symbol=BTC`)).status).toBe(200)
  expect(await evm.balanceOf(evm.assets.USDC, evm.accounts.payee.address)).toBeGreaterThan(0n)
  expect((await payOnSolana(`${second?.url}/v2/quantmetrics?symbol=BTC`)).status).toBe(200)
  expect(await solana.balanceOf(solana.assets.USDC, solana.accounts.payee.address)).toBeGreaterThan(0n)

  await first?.kill()
  const third = await devnet.addGateway()
  expect((await pay(`${third.url}/v2/quantmetrics?symbol=BTC`)).status).toBe(200)
  const pids = [second?.pid ?? 0, third.pid]
  await devnet.stop()
  expect(pids.filter(isAlive)).toEqual([])
})

test('a gateway that cannot start is reported in one line, and nothing stays running', async () => {
  const failing = startDevnet({ ...ANY_PORT, dir, pricingFile: join(dir, 'missing.json') })
  await expect(failing).rejects.toThrow(/^gateway ended before it was listening: exit code 1: .*missing\.json/)
  expect(childrenOf(process.pid).filter(isAlive)).toEqual([])
})
