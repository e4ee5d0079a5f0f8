import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPayer } from '../support/payer.ts'
import { openTill, type Till } from './ledger-support.ts'

const PRICE = '34000'
const target = (name: string) => `/v2/data?call=${name}`

/** Gateways that crashed leave their payments open; the command closes them. */
describe.each(['redis', 'lmdb'] as const)('farebox reconcile, on %s', (store) => {
  let till: Till
  beforeAll(async () => {
    till = await openTill(store)
  })
  afterAll(() => till?.stop())

  /** Takes a payment with the chain out of sight, then crashes. */
  const leaveOpen = async (fault: 'deaf' | 'down', name: string, privateKey?: Hex) => {
    await till.start()
    const payment = await till.signBase(target(name), privateKey)
    till.node.fail({ fault, methods: /sendRawTransaction|Receipt|getLogs/ })
    expect(await till.call(payment.v2, target(name))).toMatchObject({ status: 503, code: 'settlement_pending' })
    await till.kill()
    till.node.fail(undefined)
    return payment.v2.payload as { authorization: Record<string, string>; signature: Hex }
  }
  /** Runs the command until it says so: a lease that was left behind must run out first. */
  const reconciled = async (outcome: string) => {
    let count = 0
    let last: Awaited<ReturnType<Till['farebox']>> | undefined
    await expect
      .poll(
        async () => {
          last = await till.farebox('reconcile', '--json')
          count += Number(last.json[outcome])
          return count
        },
        { timeout: 25_000 },
      )
      .toBe(1)
    return last
  }

  test('with nothing to do there is nothing amiss', async () => {
    const { code, json, stderr } = await till.farebox('reconcile')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(json).toMatchObject({ ok: true, looked: 0, payments: [] })
  })

  test('a payment that was sent and never answered is found on chain, and owed', async () => {
    await leaveOpen('deaf', 'sent')
    expect(await reconciled('credited')).toMatchObject({ code: 0, json: { ok: true, payments: [] } })
    const [credit] = (await till.farebox('credits', 'list', '--json')).json
    expect(credit).toMatchObject({ amount: PRICE, route: 'GET /v2/data' })
    expect(await till.farebox('ledger', 'verify')).toMatchObject({ code: 0, json: { pending: [] } })
  })

  test('one that never left is sent, the very bytes that were written down', async () => {
    await leaveOpen('down', 'kept')
    expect(await reconciled('credited')).toMatchObject({ code: 0 })
    expect(await till.farebox('ledger', 'verify')).toMatchObject({ code: 0, json: { pending: [] } })
  })

  test('one that was cancelled is void, once that is final', async () => {
    const payer = await newPayer(till.evm)
    const { authorization } = await leaveOpen('down', 'cancelled', payer.privateKey)
    await payer.cancel(till.evm.assets.USDC, authorization['nonce'] as Hex)
    await till.evm.testClient.mine({ blocks: 100 })
    expect(await reconciled('void')).toMatchObject({ code: 0, json: { payments: [] } })
    expect(await till.farebox('ledger', 'verify')).toMatchObject({ code: 0, json: { pending: [] } })
  })

  test('a chain that does not answer leaves it open, and the command says so', async () => {
    await leaveOpen('down', 'away')
    till.node.fail({ fault: 'down', methods: /./ })
    const waiting = async () => {
      const { code, json } = await till.behindNode('reconcile')
      return { code, open: json.open > 0, payments: json.payments }
    }
    const payment = { network: till.evm.network, amount: PRICE, state: 'unknown', overdue: false }
    await expect.poll(waiting, { timeout: 25_000 }).toMatchObject({ code: 0, open: true, payments: [payment] })
    till.node.fail(undefined)
    expect(await reconciled('credited')).toMatchObject({ code: 0, json: { payments: [] } })
  })

  test('says what misuse is, and what is missing', async () => {
    expect(await till.farebox('reconcile', '--nonsense')).toMatchObject({ code: 2, stdout: '' })
    expect(await till.farebox('reconcile', '--help')).toMatchObject({ code: 0 })
  })
})
