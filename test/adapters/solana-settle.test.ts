import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openRpc } from '../../src/adapters/rpc.ts'
import { ChainUnavailable } from '../../src/ports/network.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { lyingRpc, openSolana, SOLANA_PRICE, type SolanaWorld } from '../support/solana-world.ts'

let world: SolanaWorld
let faults: Faults
beforeAll(async () => {
  world = await openSolana()
  faults = await faultyRpc(world.chain.rpcUrl)
})
afterAll(async () => {
  await Promise.all([world.stop(), faults.stop()])
})
afterEach(() => {
  faults.before(/./, undefined)
  faults.fail(undefined)
  world.chain.setConfirmDelay(0)
})

/** Settles with a node that takes nothing, so that the transaction stays in the house. */
async function settleInVain() {
  const facilitator = await world.facilitator({ rpc: openRpc(faults.url), confirmMs: 300 })
  const payment = await world.payment()
  faults.fail({ fault: 'down', methods: /sendTransaction/ })
  const { outcome, attempt } = await world.settle(facilitator, payment)
  faults.fail(undefined)
  return { facilitator, payment, outcome, attempt }
}

describe('a settlement on Solana', () => {
  test('names its slot, and is what the chain says when it is asked', async () => {
    const [network, facilitator, payment] = [await world.network(), await world.facilitator(), await world.payment()]
    const before = await world.revenue()
    const { outcome, attempt } = await world.settle(facilitator, payment)
    expect(outcome).toMatchObject({ outcome: 'settled', settlement: { transaction: attempt.transaction } })
    expect('settlement' in outcome && outcome.settlement.block).toMatch(/^[1-9][0-9]+$/)
    expect(await network.lookup(payment, attempt)).toEqual(outcome)
    expect(await world.revenue()).toBe(before + SOLANA_PRICE)
  })

  test('that lands late is unknown, then found', async () => {
    const [network, payment] = [await world.network(), await world.payment()]
    const facilitator = await world.facilitator({ confirmMs: 300 })
    world.chain.setConfirmDelay(Number.POSITIVE_INFINITY)
    const { outcome, attempt } = await world.settle(facilitator, payment)
    expect(outcome).toEqual({ outcome: 'unknown' })
    expect(await network.lookup(payment, attempt)).toEqual({ outcome: 'unspent' })
    world.chain.setConfirmDelay(0)
    expect(await network.lookup(payment, attempt)).toMatchObject({
      outcome: 'settled',
      settlement: { transaction: attempt.transaction, amount: SOLANA_PRICE },
    })
  })

  test('that never landed is void only when no block can take it any more', async () => {
    const network = await world.network()
    const before = await world.revenue()
    const { facilitator, payment, outcome, attempt } = await settleInVain()
    expect(outcome).toEqual({ outcome: 'unknown' })
    // Its blockhash is over, but not in finalised blocks.
    world.chain.advance(152)
    expect(await network.lookup(payment, attempt)).toEqual({ outcome: 'unspent' })
    world.chain.advance(70)
    expect(await network.lookup(payment, attempt)).toEqual({ outcome: 'void' })
    await facilitator.resend(attempt)
    expect(await network.lookup(payment, attempt)).toEqual({ outcome: 'void' })
    expect(await world.revenue()).toBe(before)
  })

  test('that was lost on the way lands when its bytes are sent again, and once however often', async () => {
    const network = await world.network()
    const before = await world.revenue()
    const { facilitator, payment, attempt } = await settleInVain()
    for (let copy = 0; copy < 3; copy++) await facilitator.resend(attempt)
    expect(await network.lookup(payment, attempt)).toMatchObject({ outcome: 'settled' })
    expect(await world.revenue()).toBe(before + SOLANA_PRICE)
  })

  test('that failed on chain is reverted, and void once that is final', async () => {
    const network = await world.network()
    const payer = world.chain.createKeypair('spends it twice')
    await world.chain.fund(payer.address, { usdc: SOLANA_PRICE })
    const [first, second] = [await world.payment({ payer }), await world.payment({ payer })]
    const honest = await world.facilitator()
    const slow = await world.facilitator({ rpc: openRpc(faults.url) })
    faults.before(/sendTransaction/, async () => {
      faults.before(/./, undefined)
      await world.settle(honest, first)
    })
    const { outcome, attempt } = await world.settle(slow, second)
    expect(outcome).toEqual({ outcome: 'reverted', transaction: attempt.transaction })
    expect(await network.lookup(second, attempt)).toEqual({ outcome: 'unspent' })
    world.chain.advance(33)
    expect(await network.lookup(second, attempt)).toEqual({ outcome: 'void' })
  })

  test('that is sent again is refused before anything is written down', async () => {
    const [facilitator, payment] = [await world.facilitator(), await world.payment()]
    await world.settle(facilitator, payment)
    const journal = async () => {
      throw new Error('written down')
    }
    expect(await facilitator.settle(payment, {} as never, journal)).toEqual({
      outcome: 'refused',
      code: 'payment_already_used',
    })
  })

  test('is final when the finalised chain holds it, pending before', async () => {
    const [network, facilitator, payment] = [await world.network(), await world.facilitator(), await world.payment()]
    const { outcome } = await world.settle(facilitator, payment)
    if (outcome.outcome !== 'settled') throw new Error(outcome.outcome)
    expect(await network.review(payment, outcome.settlement)).toBe('pending')
    world.chain.advance(33)
    expect(await network.review(payment, outcome.settlement)).toBe('final')
  })
})

describe('a settlement that a remote facilitator sent', () => {
  /** The transaction lands; what is written down names none. */
  const settleRemotely = async () => {
    const [network, facilitator, payment] = [await world.network(), await world.facilitator(), await world.payment()]
    const position = await network.position()
    const { attempt } = await world.settle(facilitator, payment)
    const remote = { ...attempt, via: 'remote', transaction: undefined, raw: undefined, ...position } as const
    return { network, payment, remote, transaction: attempt.transaction ?? '' }
  }

  test('is found by the payer’s address, and by a hint only if that carries the message', async () => {
    const { network, payment, remote, transaction } = await settleRemotely()
    const other = await settleRemotely()
    const settled = { outcome: 'settled', settlement: { transaction } }
    expect(await network.lookup(payment, remote)).toMatchObject(settled)
    expect(await network.lookup(payment, remote, transaction)).toMatchObject(settled)
    expect(await network.lookup(payment, remote, other.transaction)).toMatchObject(settled)
    expect(await network.lookup(payment, remote, 'no signature')).toMatchObject(settled)
  })

  test('is found behind a whole page of later transactions of the payer', async () => {
    const { payment, remote, transaction } = await settleRemotely()
    const later = await settleRemotely()
    const pages: unknown[] = []
    const paged = lyingRpc(world.rpc, {
      getSignaturesForAddress([, options]) {
        pages.push((options as { before?: string }).before)
        const slot = Number(later.remote.fromBlock) + 302
        return pages.length === 1 ? Array(1_000).fill({ signature: later.transaction, slot }) : undefined
      },
    })
    expect(await (await world.network(paged)).lookup(payment, remote)).toMatchObject({
      outcome: 'settled',
      settlement: { transaction },
    })
    expect(pages).toEqual([undefined, later.transaction])
  })

  test('is never void through a node that does not show all of the past', async () => {
    const { payment, remote } = await settleRemotely()
    world.chain.advance(230)
    const forgetful = await world.network(lyingRpc(world.rpc, { getTransaction: () => null }))
    expect(await forgetful.lookup(payment, remote)).toEqual({ outcome: 'unknown' })
    const pruned = await world.network(
      lyingRpc(world.rpc, { getSignaturesForAddress: () => [], getFirstAvailableBlock: () => 2 ** 40 }),
    )
    expect(await pruned.lookup(payment, remote)).toEqual({ outcome: 'unknown' })
  })
})

describe('a node that fails', () => {
  test('and is behind says nothing about what it has not got', async () => {
    const { payment, attempt } = await settleInVain()
    world.chain.advance(230)
    const behind = lyingRpc(world.rpc, { getSignatureStatuses: () => ({ context: { slot: 1 }, value: [null] }) })
    await expect((await world.network(behind)).lookup(payment, attempt)).rejects.toBeInstanceOf(ChainUnavailable)
  })

  test('and has thrown the past away leaves the outcome unknown', async () => {
    const { payment, attempt } = await settleInVain()
    world.chain.advance(230)
    const pruned = lyingRpc(world.rpc, { getFirstAvailableBlock: () => 2 ** 40 })
    expect(await (await world.network(pruned)).lookup(payment, attempt)).toEqual({ outcome: 'unknown' })
    expect(await (await world.network()).lookup(payment, attempt)).toEqual({ outcome: 'void' })
  })

  test.each(['down', 'null', 'html', 'error'] as const)('%s: the chain counts as silent', async (fault) => {
    const { payment, attempt } = await settleInVain()
    const network = await world.network(openRpc(faults.url))
    faults.fail({ fault, methods: /getSignatureStatuses/ })
    await expect(network.lookup(payment, attempt)).rejects.toBeInstanceOf(ChainUnavailable)
  })

  test('and has lost a settlement to a fork calls it gone only when it cannot land again', async () => {
    const [facilitator, payment] = [await world.facilitator(), await world.payment()]
    const { outcome } = await world.settle(facilitator, payment)
    if (outcome.outcome !== 'settled') throw new Error(outcome.outcome)
    const slot = Number(outcome.settlement.block)
    const forked = lyingRpc(world.rpc, {
      getSignatureStatuses: () => ({ context: { slot: slot + 1_000 }, value: [null] }),
      getSignaturesForAddress: () => [],
    })
    const network = await world.network(forked)
    world.chain.advance(151)
    expect(await network.review(payment, outcome.settlement)).toBe('pending')
    world.chain.advance(33)
    expect(await network.review(payment, outcome.settlement)).toBe('gone')
    // Only its status is lost: the payer's history still holds it.
    const half = lyingRpc(world.rpc, {
      getSignatureStatuses: () => ({ context: { slot: slot + 1_000 }, value: [null] }),
    })
    expect(await (await world.network(half)).review(payment, outcome.settlement)).toBe('final')
  })
})
