import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, parseAbiItem } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { PaymentKey } from '../../src/domain/ids.ts'
import { type Replicated, startReplicated } from '../support/redis-topology.ts'
import { type Answer, openWorld, type RunningGateway, type World } from '../support/world.ts'

const PRICE = 34_000n
const PAYMENTS = 12
const USED = parseAbiItem('event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)')
/** How long agents go on asking; a failover takes about two seconds. */
const PATIENCE_MS = 25_000

interface Agent {
  readonly payment: Awaited<ReturnType<World['sign']>>['v2']
  readonly answers: Answer[]
}

/** A wallet with money for one call, and the payment it has signed. */
async function agent(world: World): Promise<Agent> {
  const privateKey = generatePrivateKey()
  await world.evm.fund(privateKeyToAddress(privateKey), { usdc: PRICE })
  return { payment: (await world.sign({ privateKey })).v2, answers: [] }
}

/** Asks as an agent does that was told to send the same payment again, until it is served or told that it was. */
async function insist(world: World, { payment, answers }: Agent, gateway: RunningGateway): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(150)) {
    const answer = await world.call(payment, { gateway }).catch(() => undefined)
    if (!answer) continue
    answers.push(answer)
    if (answer.status === 200 || answer.json?.code === 'payment_already_used') return
  }
}

async function settledNonces(world: World): Promise<Set<string>> {
  const logs = await world.evm.publicClient.getLogs({
    address: world.evm.assets.USDC as Hex,
    event: USED,
    fromBlock: 0n,
  })
  return new Set(logs.map(({ args }) => String(args.nonce)))
}

describe.each([5, 120, 400])('a primary that is killed %i ms after the payments began', (moment) => {
  test('costs nobody a call: none is served twice, none is charged for nothing', async () => {
    let redis: Replicated | undefined
    let world: World | undefined
    try {
      redis = await startReplicated()
      world = await openWorld({
        store: 'redis',
        redisUrl: redis.url,
        pricing: (pricing) => {
          pricing['leaseMs'] = 1_000
        },
      })
      const running = world
      const second = await running.addGateway()
      await running.evm.testClient.setIntervalMining({ interval: 1 })
      const agents = await Promise.all(Array.from({ length: PAYMENTS }, () => agent(running)))
      const asked = agents.flatMap((one) => [insist(running, one, running.gateway), insist(running, one, second)])
      await sleep(moment)
      await redis.primary.kill()
      await Promise.all(asked)

      const settled = await settledNonces(running)
      expect(await running.revenue()).toBe(PRICE * BigInt(settled.size))
      for (const { payment, answers } of agents) {
        const { from, nonce } = payment.payload.authorization
        const served = answers.filter(({ status }) => status === 200)
        // Two copies of it were under way the whole time.
        expect(served.length).toBeLessThanOrEqual(1)
        if (served.length === 1) expect(settled.has(nonce)).toBe(true)
        if (!settled.has(nonce)) continue
        const key = `${running.evm.network}:${running.evm.assets.USDC}:${from}:${nonce}`.toLowerCase() as PaymentKey
        const state = (await running.gateway.store.read(key))?.state
        expect(served.length === 1 || state === 'credited', `${key} is ${state}`).toBe(true)
      }
      // Everybody was served in the end: the store was away for seconds only.
      expect(agents.filter(({ answers }) => answers.some(({ status }) => status === 200))).toHaveLength(PAYMENTS)
    } finally {
      await world?.stop()
      await redis?.stop()
    }
  }, 90_000)
})
