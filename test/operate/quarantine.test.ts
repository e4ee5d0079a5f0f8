import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Rpc } from '../../src/adapters/rpc.ts'
import type { Caip2 } from '../../src/domain/ids.ts'
import { type OpenQuarantine, openQuarantine } from '../../src/operate/quarantine.ts'
import type { Network } from '../../src/ports/network.ts'
import { BASE_SEPOLIA, SOLANA_DEVNET } from '../support/fixtures.ts'
import { memoryLog } from '../support/log.ts'
import { openSolana, type SolanaWorld } from '../support/solana-world.ts'

let world: SolanaWorld
beforeAll(async () => {
  // No block comes by itself: the test counts them.
  world = await openSolana({ slotMs: 3_600_000 })
})
afterAll(() => world.stop())

const store = { current: 'first', epoch: () => store.current }
let away = false
let log: ReturnType<typeof memoryLog>
let quarantine: OpenQuarantine
beforeEach(async () => {
  store.current = 'first'
  log = memoryLog()
  // A method that the node does not know: it answers with an error.
  const rpc: Rpc = { ...world.rpc, call: (method, ...rest) => world.rpc.call(away ? 'away' : method, ...rest) }
  const networks = new Map<Caip2, Network>([
    [SOLANA_DEVNET, await world.network(rpc)],
    [BASE_SEPOLIA, {} as Network],
  ])
  quarantine = openQuarantine({ store, networks, log })
})

test('while the store forgets nothing every network is open', async () => {
  await quarantine.check()
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(false)
  expect(quarantine.isShut(BASE_SEPOLIA)).toBe(false)
})

test('after a loss Solana is shut at once, for 151 blocks; Base is not', async () => {
  store.current = 'second'
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(true)
  expect(quarantine.isShut(BASE_SEPOLIA)).toBe(false)
  await quarantine.check()
  expect(quarantine.retryAfter(SOLANA_DEVNET)).toBe(61)
  world.chain.advance(150)
  await quarantine.check()
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(true)
  expect(quarantine.retryAfter(SOLANA_DEVNET)).toBe(1)
  world.chain.advance(1)
  await quarantine.check()
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(false)
  expect(log.lines.map(({ event }) => event)).toEqual([
    'network shut: the store may have forgotten payments',
    'network open again',
  ])
})

test('another loss begins it anew', async () => {
  store.current = 'second'
  await quarantine.check()
  world.chain.advance(150)
  store.current = 'third'
  await quarantine.check()
  world.chain.advance(150)
  await quarantine.check()
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(true)
  world.chain.advance(1)
  await quarantine.check()
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(false)
})

test('a loss while the chain is being asked is not taken for the earlier one', async () => {
  store.current = 'second'
  await quarantine.check()
  world.chain.advance(151)
  const asked = quarantine.check()
  store.current = 'third'
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(true)
  await asked
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(true)
})

test('a chain that does not answer stays shut', async () => {
  store.current = 'second'
  await quarantine.check()
  world.chain.advance(151)
  away = true
  await quarantine.check()
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(true)
  away = false
  await quarantine.check()
  expect(quarantine.isShut(SOLANA_DEVNET)).toBe(false)
})
