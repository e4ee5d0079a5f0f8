import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TARGET } from '../support/world.ts'
import { openShop, type Shop } from './credits-support.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.stop())

describe('misuse and help', () => {
  const KEY = `eip155:84532:${'0x'.padEnd(42, '1')}:${'0x'.padEnd(66, '2')}`
  const grant = ['grant', '--payer', '0x1111111111111111111111111111111111111111', '--network', 'base', '--request']
  test.each([
    [[], 'one of list, grant, refund'],
    [['give'], 'there is no "give"'],
    [['list', '--all'], '--all'],
    [['refund'], 'refund takes one payment key'],
    [['refund', 'nonsense'], 'refund takes one payment key'],
    [['refund', KEY, KEY], 'refund takes one payment key'],
    [['grant'], '--key, or --payer, --network and --request'],
    [['grant', '--key', 'nonsense'], '"nonsense" is no payment key'],
    [['grant', '--key', KEY, '--request', 'GET /x'], '--key stands alone'],
    [[...grant, 'v2/data'], '--request is a method and a target'],
    [[...grant.with(2, '0x12'), `GET ${TARGET}`], '"0x12" is no address'],
    [[...grant.with(4, 'avalanche'), `GET ${TARGET}`], 'there is no network "avalanche"'],
    [[...grant, 'POST /v2/chat', '--body-file', '/nowhere'], '/nowhere cannot be read: ENOENT'],
  ])('%j: exit code 2, and what is wrong', async (args, said) => {
    const { code, stdout, stderr } = await shop.farebox(['credits', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.split('\n')[0]).toContain(said)
    expect(stderr).toContain('usage: farebox credits list')
  })
  test.each([
    ['GET /v2/nothing', 'no such route'],
    ['GET /v2/data', 'the gateway would refuse'],
    ['GET /v2/data?symbol=BTC&symbol=ETH', 'came more than once'],
    ['GET /v2/status', 'not sold'],
  ])('a request that is not sold, %s, is granted to nobody', async (request, said) =>
    expect(await shop.farebox(['credits', ...grant, request])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(said),
    }),
  )
  test('help tells the exit codes', async () => {
    const { code, stdout } = await shop.farebox(['credits', '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('Exit code: 0 done, 1 refused or failed, 2 the command was misused.')
    expect((await shop.farebox([], { alone: true })).stdout).toContain('credits')
  })
  test('a store that is down: one line, exit code 1', async () => {
    const down = await shop.farebox(['credits', 'list'], { env: { REDIS_URL: 'redis://127.0.0.1:9' } })
    expect(down.code).toBe(1)
    expect(down.stderr).toMatch(/^farebox credits: [^\n]+\n$/)
  })
})
