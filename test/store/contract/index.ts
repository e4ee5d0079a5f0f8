import { afterAll, beforeAll, describe } from 'vitest'
import type { Store } from '../../../src/ports/store.ts'
import { claims } from './claims.ts'
import { copies } from './copies.ts'
import { credits } from './credits.ts'
import { due } from './due.ts'
import { earlier } from './earlier.ts'
import { forgetting } from './forgetting.ts'
import { grants } from './grants.ts'
import { identifiers } from './identifiers.ts'
import { lanes } from './lanes.ts'
import { ledger } from './ledger.ts'
import { moves } from './moves.ts'
import { reorgs } from './reorgs.ts'

/** Gives the store under test, once it is open. */
export type Under = () => Store

/** Holds stores to the contract: `testStores({ name: open })`. */
export function testStores(stores: Readonly<Record<string, () => Store | Promise<Store>>>): void {
  // Each test has payers of its own, so that they may run side by side.
  describe.each(Object.entries(stores))('the store contract: %s', { concurrent: true }, (_, open) => {
    let store: Store
    beforeAll(async () => {
      store = await open()
    })
    afterAll(() => store.close())
    const parts = [claims, moves, credits, grants, earlier, identifiers, copies, due, reorgs, ledger, lanes, forgetting]
    for (const part of parts) part(() => store)
  })
}
