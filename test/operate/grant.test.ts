import { afterAll, beforeAll, expect, test } from 'vitest'
import { evmTransfers } from '../../src/adapters/evm/transfers.ts'
import { openRpc } from '../../src/adapters/rpc.ts'
import type { Caip2 } from '../../src/domain/ids.ts'
import { fingerprintOf } from '../../src/domain/request.ts'
import { type GrantOrder, type GrantParts, grantCredit } from '../../src/operate/grant.ts'
import type { Transfers } from '../../src/ports/transfers.ts'
import { decode } from '../support/evm-payment.ts'
import { openWorld, TARGET, type World } from '../support/world.ts'

let world: World
let transfers: Transfers
beforeAll(async () => {
  world = await openWorld({ store: 'redis' })
  transfers = evmTransfers(network(), openRpc(world.evm.rpcUrl))
})
afterAll(async () => {
  await transfers.close()
  await world.stop()
})
const network = () => world.evm.network as Caip2

/** Pays for a call, and gives what would be granted for it. */
async function paid(): Promise<{ order: GrantOrder; parts: GrantParts }> {
  const served = await world.call((await world.sign()).v2)
  const transaction = String(decode(served.headers.get('payment-response') ?? '')['transaction'])
  const { store, clock, catalogue } = world.gateway.app.parts
  const route = catalogue.routes.get('/v2/data')?.get('GET')
  if (!route) throw new Error('no route')
  const request = fingerprintOf('GET', TARGET, new Uint8Array())
  return {
    order: { network: network(), payer: world.evm.accounts.payer.address, route, request, transaction },
    parts: { store, clock, catalogue, transfers: new Map([[network(), transfers]]), signed: async () => undefined },
  }
}

test('a transaction that a payment was served for is granted to nobody', async () => {
  const { order, parts } = await paid()
  expect(await grantCredit(parts, order)).toMatchObject({ outcome: 'known', state: 'delivered' })
})

test('nor once the record of that payment is forgotten: the ledger tells', async () => {
  const { order, parts } = await paid()
  const { store } = parts
  const forgetful = {
    read: async () => undefined,
    grant: () => Promise.reject(new Error('granted')),
    ledger: () => store.ledger(),
  }
  expect(await grantCredit({ ...parts, store: forgetful }, order)).toMatchObject({ outcome: 'known', state: 'settled' })
})
