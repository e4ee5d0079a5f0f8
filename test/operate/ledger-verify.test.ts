import { describe, expect, test } from 'vitest'
import { atomicUnits } from '../../src/domain/ids.ts'
import type { Account } from '../../src/operate/ledger/verification.ts'
import { verifyLedger } from '../../src/operate/ledger/verify.ts'
import { ChainUnavailable } from '../../src/ports/network.ts'
import type { ChainTransfer, Transfers } from '../../src/ports/transfers.ts'
import { BASE_SEPOLIA, PAYEE, SOLANA_DEVNET, USDC } from '../support/fixtures.ts'
import { keyOf, type Line, ledgerOf, PAYER, settlementOf } from './ledger-entries.ts'

const ACCOUNT = { network: BASE_SEPOLIA, asset: USDC, payee: PAYEE }
const HEAD = 100n

type Moved = Partial<ChainTransfer> & Pick<ChainTransfer, 'transaction'>
const incoming = (moved: Moved): ChainTransfer => ({
  direction: 'in',
  amount: atomicUnits(34_000n),
  counterparty: PAYER,
  block: 10n,
  ...moved,
})
const paid = (name: string, more: Partial<ChainTransfer> = {}): ChainTransfer =>
  incoming({ transaction: `0x${name}`, payment: { key: keyOf(name) }, ...more })

/** A chain as it is told; the real ones stand in ledger-transfers and in cli/ledger. */
function chainOf(all: readonly ChainTransfer[], more: Partial<Transfers> = {}): Transfers {
  const within = (from: bigint, to: bigint) => all.filter(({ block }) => block >= from && block <= to)
  const change = (transfers: readonly ChainTransfer[]) =>
    transfers.reduce((sum, { direction, amount }) => (direction === 'in' ? sum + amount : sum - amount), 1_000n)
  return {
    blocksPerDay: 50n,
    head: async () => HEAD,
    blockOf: async (transaction) => all.find((one) => one.transaction === transaction)?.block,
    async *between(_, from, to) {
      yield* within(from, to)
    },
    balances: async (_, from, to) => ({ opening: change(within(0n, from - 1n)), closing: change(within(0n, to)) }),
    close: async () => undefined,
    ...more,
  }
}

const settled = (name: string, more = {}): Line => [
  name,
  { event: 'settled', settlement: settlementOf(`0x${name}`, more) },
]
const bought = (name: string): Line[] => [[name, 'settling'], settled(name), [name, 'delivered']]

function verify(
  chain: Transfers | readonly ChainTransfer[],
  lines: readonly Line[],
  { fromBlock, accounts = [ACCOUNT] }: { fromBlock?: bigint; accounts?: readonly Account[] } = {},
) {
  const transfers = new Map([[BASE_SEPOLIA, 'between' in chain ? chain : chainOf(chain)]])
  const fromBlocks = new Map(fromBlock === undefined ? [] : [[BASE_SEPOLIA, fromBlock]])
  return verifyLedger({ ledger: () => ledgerOf(...lines), accounts, transfers, fromBlocks })
}

describe('the ledger equals the chain', () => {
  test('when each payment is on both once', async () => {
    const verification = await verify([paid('a'), paid('b', { block: 11n })], [...bought('a'), ...bought('b')])
    expect(verification).toEqual({
      ok: true,
      sums: [
        {
          ...ACCOUNT,
          fromBlock: 10n,
          toBlock: HEAD,
          ledger: 68_000n,
          chain: 68_000n,
          balance: { opening: 1_000n, received: 68_000n, sent: 0n, closing: 69_000n },
        },
      ],
      differences: [],
      pending: [],
      other: [],
    })
  })

  test('a payment that a reorg undid and that came back is counted once', async () => {
    const { ok, sums } = await verify(
      [paid('a', { block: 12n })],
      [
        ...bought('a'),
        ['a', 'unknown'],
        ['a', { event: 'delivered', settlement: settlementOf('0xa', { block: '12' }) }],
      ],
    )
    expect({ ok, ledger: sums[0]?.ledger }).toEqual({ ok: true, ledger: 34_000n })
  })

  test('a payment that was served from the credit of another, a present, and one that came to nothing count for nothing', async () => {
    const { ok, sums } = await verify(
      [paid('a')],
      [
        ...bought('a'),
        ['b', { event: 'delivered', against: keyOf('a'), settlement: settlementOf('0xa') }],
        ['c', { event: 'credited', settlement: settlementOf('', { amount: atomicUnits(0n) }) }],
        ['d', 'settling'],
        ['d', 'void'],
      ],
    )
    expect({ ok, ledger: sums[0]?.ledger, chain: sums[0]?.chain }).toEqual({
      ok: true,
      ledger: 34_000n,
      chain: 34_000n,
    })
  })

  test('deposits and withdrawals are told apart from payments', async () => {
    const withdrawal = incoming({ transaction: '0xw', direction: 'out', amount: atomicUnits(500n) })
    const deposit = incoming({ transaction: '0xd', amount: atomicUnits(7n) })
    const { ok, other, sums } = await verify([paid('a'), deposit, withdrawal], bought('a'))
    expect(ok).toBe(true)
    expect(other.map(({ transaction, direction, amount }) => ({ transaction, direction, amount }))).toEqual([
      { transaction: '0xd', direction: 'in', amount: 7n },
      { transaction: '0xw', direction: 'out', amount: 500n },
    ])
    expect(sums[0]).toMatchObject({ ledger: 34_000n, chain: 34_000n, balance: { received: 34_007n, sent: 500n } })
  })

  test('a refund is taken off on both sides', async () => {
    const refund = {
      attempt: {
        via: 'embedded',
        transaction: '0xr',
        raw: undefined,
        fromBlock: undefined,
        lastValidBlockHeight: undefined,
      },
      settlement: settlementOf('0xr', { payer: PAYEE, payTo: PAYER, block: '20' }),
    } as const
    const lines: Line[] = [
      ['a', 'settling'],
      ['a', { event: 'credited', settlement: settlementOf('0xa') }],
      ['a', { event: 'refunding', refund: { attempt: refund.attempt } }],
      ['a', { event: 'refunded', refund }],
    ]
    const back = incoming({ transaction: '0xr', direction: 'out', block: 20n })
    expect(await verify([paid('a'), back], lines)).toMatchObject({
      ok: true,
      sums: [{ ledger: 0n, chain: 0n }],
      other: [],
    })
    const gone = await verify([paid('a')], lines)
    expect(gone).toMatchObject({ ok: false, sums: [{ ledger: 0n, chain: 34_000n }] })
    expect(gone.differences).toMatchObject([{ kind: 'refund-missing', payment: keyOf('a'), transaction: '0xr' }])
    const less = await verify([paid('a'), { ...back, amount: atomicUnits(1n) }], lines)
    expect(less.differences).toMatchObject([{ kind: 'refund-amount', ledger: 34_000n, chain: 1n }])
    const begun = await verify([paid('a'), back], lines.slice(0, 3))
    expect(begun).toMatchObject({ ok: true, pending: [{ state: 'refunding', transaction: '0xr' }], other: [] })
  })

  test('of a key that only refunds are paid from, nothing else is listed', async () => {
    const treasury = '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65'
    const settlement = settlementOf('0xr', { payer: treasury, payTo: PAYER, block: '20' })
    const attempt = { via: 'embedded', transaction: '0xr', raw: '0x', fromBlock: '1' } as const
    const refund = { attempt: { ...attempt, lastValidBlockHeight: undefined }, settlement }
    const back = incoming({ transaction: '0xr', direction: 'out', block: 20n })
    const lines: Line[] = [settled('a'), ['a', 'credited'], ['a', { event: 'refunded', refund }]]
    const between: Transfers['between'] = async function* ({ owner }) {
      yield* owner === treasury ? [incoming({ transaction: '0xf' }), back] : [paid('a')]
    }
    const chain = chainOf([], { between, balances: async () => ({ opening: 0n, closing: 34_000n }) })
    expect(await verify(chain, lines)).toMatchObject({
      ok: true,
      sums: [
        { payee: PAYEE, ledger: 34_000n, chain: 34_000n },
        { payee: treasury, ledger: -34_000n, chain: -34_000n, balance: null },
      ],
      other: [],
    })
  })

  test('a deposit that the operator made good is a payment', async () => {
    const granted = { event: 'credited', settlement: settlementOf('0xg', { block: undefined }) } as const
    expect(await verify([incoming({ transaction: '0xg' })], [['g', granted]])).toMatchObject({
      ok: true,
      sums: [{ fromBlock: 10n, ledger: 34_000n, chain: 34_000n }],
      other: [],
    })
  })

  test('what is open is listed apart, with its transaction where it landed', async () => {
    const verification = await verify([paid('a'), paid('b')], [...bought('a'), ['b', 'settling'], ['c', 'unknown']])
    expect(verification).toMatchObject({ ok: true, sums: [{ ledger: 34_000n, chain: 34_000n }] })
    expect(verification.pending).toMatchObject([
      { payment: keyOf('b'), state: 'settling', transaction: '0xb' },
      { payment: keyOf('c'), state: 'unknown', transaction: undefined },
    ])
  })

  test('payments before the first block and after the head are not looked for', async () => {
    const late = settled('late', { block: String(HEAD + 1n) })
    const early = settled('early', { block: '3' })
    const chain = [paid('a'), paid('late', { block: HEAD + 1n }), paid('early', { block: 3n })]
    const lines = [early, late, ...bought('a')]
    expect(await verify(chain, lines, { fromBlock: 5n })).toMatchObject({ ok: true, sums: [{ ledger: 34_000n }] })
    expect(await verify(chain, lines)).toMatchObject({ ok: true, sums: [{ fromBlock: 3n, ledger: 68_000n }] })
  })

  test('a node without old state leaves the balance open, not wrong', async () => {
    const chain = chainOf([paid('a')], { balances: async () => undefined })
    expect(await verify(chain, bought('a'))).toMatchObject({ ok: true, sums: [{ balance: null }] })
  })
})

describe('a difference is listed', () => {
  test('on chain and not in the ledger', async () => {
    const { ok, differences, sums } = await verify([paid('a'), paid('lost', { block: 60n })], bought('a'))
    expect({ ok, ledger: sums[0]?.ledger, chain: sums[0]?.chain }).toEqual({
      ok: false,
      ledger: 34_000n,
      chain: 68_000n,
    })
    expect(differences).toMatchObject([
      { kind: 'unrecorded', transaction: '0xlost', block: 60n, payer: PAYER, payment: keyOf('lost'), chain: 34_000n },
    ])
  })
  test('on chain in a form that is not taken here', async () => {
    const permit2 = incoming({ transaction: '0xp', block: 60n, payment: { key: undefined } })
    expect((await verify([permit2], [])).differences).toMatchObject([{ kind: 'unrecorded', transaction: '0xp' }])
  })
  test('spent, although it was served from a credit or closed as void', async () => {
    const chain = [paid('a'), paid('b'), paid('c')]
    const { differences } = await verify(chain, [
      ...bought('a'),
      ['b', { event: 'delivered', against: keyOf('a') }],
      ['c', 'settling'],
      ['c', 'void'],
    ])
    expect(differences).toMatchObject([
      { kind: 'unrecorded', payment: keyOf('b'), what: expect.stringContaining('delivered') },
      { kind: 'unrecorded', payment: keyOf('c'), what: expect.stringContaining('void') },
    ])
  })
  test('in the ledger and not on chain', async () => {
    const { differences, sums } = await verify([], bought('a'))
    expect(differences).toMatchObject([{ kind: 'missing', payment: keyOf('a'), transaction: '0xa', ledger: 34_000n }])
    expect(sums).toMatchObject([{ ledger: 34_000n, chain: 0n }])
  })
  test('another amount', async () => {
    const { differences, sums } = await verify([paid('a', { amount: atomicUnits(1n) })], bought('a'))
    expect(differences).toMatchObject([{ kind: 'amount', payment: keyOf('a'), ledger: 34_000n, chain: 1n }])
    expect(sums).toMatchObject([{ ledger: 34_000n, chain: 1n }])
  })
  test('one transaction for two payments', async () => {
    const twice = [settled('a'), settled('b', { transaction: '0xa' })]
    expect((await verify([paid('a')], twice)).differences).toMatchObject([{ kind: 'missing', payment: keyOf('b') }])
  })
  test('a balance that changed by more than was moved', async () => {
    const chain = chainOf([paid('a')], { balances: async () => ({ opening: 0n, closing: 34_001n }) })
    expect((await verify(chain, bought('a'))).differences).toMatchObject([{ kind: 'balance' }])
  })
  test('a chain that does not answer, and one that nobody can ask', async () => {
    const down = chainOf([], {
      head: async () => {
        throw new ChainUnavailable('down')
      },
    })
    const elsewhere = { network: SOLANA_DEVNET, asset: 'mint', payee: 'payee' }
    const { ok, differences } = await verify(down, [], { accounts: [ACCOUNT, elsewhere] })
    expect(ok).toBe(false)
    expect(differences).toMatchObject([
      { kind: 'unasked', network: BASE_SEPOLIA },
      { kind: 'unasked', network: SOLANA_DEVNET },
    ])
  })
  test('an account that the price list has no more', async () => {
    const { differences } = await verify([], [settled('a', { payTo: PAYER })])
    expect(differences).toMatchObject([{ kind: 'missing', payee: PAYER }])
  })
})
