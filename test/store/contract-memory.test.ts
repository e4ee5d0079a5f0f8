import { describe, expect, test } from 'vitest'
import { memoryStore } from '../support/memory-store.ts'
import { LEASE, newClaim, tokenOf } from './contract/life.ts'

describe('the store in memory', () => {
  test('fails a step without its effect, or with it, as it is told', async () => {
    let fault: 'before' | 'after' | undefined
    const asked: string[] = []
    const store = memoryStore({
      now: () => 0,
      fault(method) {
        asked.push(method)
        return fault
      },
    })
    const claim = newClaim()
    fault = 'before'
    await expect(store.claim(claim, LEASE)).rejects.toMatchObject({ name: 'StoreUnavailable' })
    fault = undefined
    expect(await store.read(claim.key)).toBeUndefined()
    fault = 'after'
    await expect(store.claim(claim, LEASE)).rejects.toMatchObject({ name: 'StoreUnavailable' })
    await expect(store.lanes.take('lane', 0, undefined)).rejects.toMatchObject({ name: 'StoreUnavailable' })
    fault = undefined
    expect(await store.read(claim.key)).toMatchObject({ state: 'claimed' })
    expect(await store.lanes.take('lane', 0, undefined)).toBe(1)
    expect(asked).toEqual(['claim', 'read', 'claim', 'lanes.take', 'read', 'lanes.take'])
  })

  test('yields before a step and after it, so that another may come between the effect and its answer', async () => {
    const waiting: (() => void)[] = []
    const pause = () => new Promise<void>((resolve) => waiting.push(resolve))
    const step = async () => {
      waiting.shift()?.()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    const store = memoryStore({ now: () => 0, yield: pause })
    const claim = newClaim()
    const first = store.claim(claim, LEASE)
    const second = store.claim(claim, LEASE)
    await step()
    await step()
    expect(waiting).toHaveLength(2)
    await step()
    await step()
    expect(tokenOf(await first)).toBe('token-1')
    expect(await second).toMatchObject({ outcome: 'in-flight' })
  })

  test('goes by the clock it was given', async () => {
    let now = 0
    const store = memoryStore({ now: () => now })
    const claim = newClaim()
    await store.claim(claim, LEASE)
    now = LEASE - 1
    expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
    now = LEASE
    expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'claimed' })
  })
})
