import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendSolana, sendToken, submitAuthorization } from '../operate/ledger-support.ts'
import { rpc } from '../support/solana-client.ts'
import { openTill, type Till } from './ledger-support.ts'

const PRICE = 34_000n
const target = (name: string) => `/v2/data?call=${name}`
type Members = Record<string, unknown>

describe.each(['redis', 'lmdb'] as const)('farebox ledger, on %s', (store) => {
  let till: Till
  beforeAll(async () => {
    till = await openTill(store)
    await till.start()
  })
  afterAll(() => till?.stop())

  const kinds = (json: { differences: Members[] }) => json.differences.map(({ kind }) => kind)
  const sumOn = (json: { sums: Members[] }, network: string) => json.sums.find((sum) => sum['network'] === network)
  const failing = (fails: boolean) =>
    till.upstream.behave(fails ? (_, response) => void response.writeHead(500).end() : undefined)
  const answer = async (payment: Promise<{ v2: object }>, name: string) =>
    (await till.call((await payment).v2, target(name))).status

  test('an empty ledger equals an empty chain', async () => {
    const { code, json, stderr } = await till.spawned('ledger', 'verify')
    expect({ code, ok: json.ok, stderr }).toEqual({ code: 0, ok: true, stderr: '' })
    expect(json.sums).toHaveLength(2)
  })

  test('equals the chain after payments that were served, owed, redeemed, served from a credit, and refunded', async () => {
    expect(await answer(till.signBase(target('a')), 'a')).toBe(200)
    expect(await answer(till.signSolana(target('b')), 'b')).toBe(200)
    failing(true)
    const redeemed = await till.signBase(target('c'))
    expect(await till.call(redeemed.v2, target('c'))).toMatchObject({ status: 502 })
    expect(await answer(till.signSolana(target('d')), 'd')).toBe(502)
    expect(await answer(till.signBase(target('e')), 'e')).toBe(502)
    failing(false)
    expect(await till.call(redeemed.v2, target('c'))).toMatchObject({ status: 200 })
    expect(await answer(till.signSolana(target('d')), 'd')).toBe(200)
    const [credit] = (await till.farebox('credits', 'list', '--json')).json as Members[]
    const refund = await till.farebox('credits', 'refund', String(credit?.['payment']), '--json')
    expect(refund).toMatchObject({ code: 0 })
    // Neither pays for anything: the operator takes out money, and somebody sends some.
    const { payee, stranger } = till.evm.accounts
    await sendToken(till.evm, till.evm.assets.USDC, payee.address, stranger.address, 1_000n)
    await sendSolana(till.solana, {
      from: till.solana.accounts.payer,
      to: till.solana.accounts.payee.address,
      amount: 5n,
    })

    const { code, json } = await till.farebox('ledger', 'verify', '--json')
    expect({ code, differences: json.differences, pending: json.pending }).toEqual({
      code: 0,
      differences: [],
      pending: [],
    })
    expect(sumOn(json, till.evm.network)).toMatchObject({ ledger: String(2n * PRICE), chain: String(2n * PRICE) })
    expect(sumOn(json, till.solana.network)).toMatchObject({
      ledger: String(2n * PRICE),
      chain: String(2n * PRICE),
      balance: { opening: '0', closing: String(2n * PRICE + 5n) },
    })
    expect(json.other).toMatchObject([
      { direction: 'out', amount: '1000', counterparty: stranger.address },
      { direction: 'in', amount: '5' },
    ])
    expect(await till.evm.balanceOf(till.evm.assets.USDC, payee.address)).toBe(2n * PRICE - 1_000n)
  })

  test('exports every entry, as CSV and as JSON lines', async () => {
    const csv = await till.farebox('ledger', 'export', '--since', '1h')
    const [header, ...lines] = csv.stdout.split('\r\n')
    expect(header).toMatch(/^time,event,payment,route,/)
    const { stdout } = await till.farebox('ledger', 'export', '--format', 'ndjson')
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Members)
    expect(lines.length - 1).toBe(rows.length)
    expect(new Set(rows.map(({ payment }) => payment)).size).toBe(6)
    expect(rows.filter(({ event }) => event === 'delivered')).toHaveLength(5)
    for (const row of rows) {
      expect(row).toMatchObject({ route: 'GET /v2/data', symbol: 'USDC' })
      expect(row['durationMs']).toBeGreaterThanOrEqual(0)
    }
    expect(rows.filter(({ against }) => against !== null)).toMatchObject([
      { event: 'delivered', amount: '0', network: till.solana.network },
    ])
    expect(rows.filter(({ event }) => event === 'refunded')).toMatchObject([
      { refundAmount: String(PRICE), refundTransaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
    ])
    const none = await till.farebox('ledger', 'export', '--until', '1h', '--format', 'ndjson')
    expect(none).toMatchObject({ code: 0, stdout: '' })
  })

  test('lists what is unknown apart, with the transaction that the chain shows', async () => {
    till.node.fail({ fault: 'deaf', methods: /sendRawTransaction|Receipt|getLogs/ })
    expect(await answer(till.signBase(target('u')), 'u')).toBe(503)
    const { code, json } = await till.farebox('ledger', 'verify', '--json')
    expect({ code, differences: json.differences }).toEqual({ code: 0, differences: [] })
    expect(json.pending).toMatchObject([
      { network: till.evm.network, amount: String(PRICE), transaction: expect.stringMatching(/^0x/) },
    ])
    till.node.fail(undefined)
    await expect
      .poll(async () => (await till.farebox('ledger', 'verify')).json.pending, { timeout: 20_000 })
      .toEqual([])
  })

  test('lists a payment that was made behind its back, on Base and on Solana', async () => {
    const { v2 } = await till.signBase(target('x'))
    const transaction = await submitAuthorization(
      till.evm,
      v2.payload as { authorization: Record<string, string>; signature: Hex },
    )
    const { payer, payee, feePayer } = till.solana.accounts
    const signature = await sendSolana(till.solana, { from: payer, feePayer, to: payee.address, amount: 9n })
    const { code, json } = await till.farebox('ledger', 'verify', '--json')
    expect({ code, ok: json.ok }).toEqual({ code: 1, ok: false })
    const shown = await till.shown('ledger', 'verify')
    expect(shown).toMatch(new RegExp(`^unrecorded .* ${transaction} .*farebox credits grant`, 'm'))
    expect(shown).toMatch(/^WRONG +eip155:84532 /m)
    expect(shown).toContain('The ledger does not equal the chain.')
    expect(json.differences).toMatchObject([
      { kind: 'unrecorded', transaction, chain: String(PRICE), payer: till.evm.accounts.payer.address },
      { kind: 'unrecorded', transaction: signature, chain: '9', payer: payer.address },
    ])
    await rpc(till.evm.rpcUrl, 'anvil_reorg', [1, []])
    expect((await till.farebox('ledger', 'verify')).json.differences).toMatchObject([{ transaction: signature }])
  })

  test('lists a payment that a reorg took from the chain', async () => {
    await till.kill()
    await till.start()
    expect(await answer(till.signBase(target('r')), 'r')).toBe(200)
    // Nobody is there to look again.
    await till.kill()
    await rpc(till.evm.rpcUrl, 'anvil_reorg', [1, []])
    const { code, json } = await till.farebox('ledger', 'verify', '--json')
    expect(code).toBe(1)
    expect(kinds(json)).toEqual(['missing', 'unrecorded'])
    expect(json.differences[0]).toMatchObject({ ledger: String(PRICE), network: till.evm.network })
  })

  test('says that a chain cannot be asked, and misuse', async () => {
    expect(await till.farebox('ledger', 'verify', '--from-block', 'nowhere=1')).toMatchObject({ code: 2 })
    expect(await till.farebox('ledger', 'verify', '--from-block', '1')).toMatchObject({ code: 2 })
    expect(await till.farebox('ledger', 'verify', '--wrong')).toMatchObject({ code: 2 })
    expect(await till.farebox('ledger', 'export', '--since', 'yesterday')).toMatchObject({ code: 2 })
    expect(await till.farebox('ledger', 'export', '--format', 'xls')).toMatchObject({ code: 2 })
    expect(await till.farebox('ledger')).toMatchObject({ code: 2 })
    expect(await till.farebox('ledger', '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('verify') })
    const head = await till.evm.publicClient.getBlockNumber()
    const { json } = await till.farebox('ledger', 'verify', '--from-block', `base=${head + 1n}`)
    expect(sumOn(json, till.evm.network)).toMatchObject({ ledger: '0', chain: '0' })
  })

  test('after the store was lost, lists every payment as unrecorded', async () => {
    const held = await till.farebox('ledger', 'verify')
    await till.loseStore()
    const { code, json } = await till.farebox('ledger', 'verify')
    expect(code).toBe(1)
    expect(new Set(kinds(json))).toEqual(new Set(['unrecorded']))
    const lost = (json.differences as Members[]).reduce((sum, { chain }) => sum + BigInt(String(chain)), 0n)
    // What was paid back stays paid back, and is a withdrawal now.
    const before = (held.json.sums as Members[]).reduce((sum, { chain }) => sum + BigInt(String(chain)), 0n)
    expect(lost).toBe(before + PRICE)
    expect(await till.farebox('ledger', 'export')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^time,.*\r\n$/),
    })
  })
})
