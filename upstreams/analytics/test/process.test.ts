import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const started: ChildProcess[] = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

type Running = { child: ChildProcess; lines: string[]; url: string }

function run(env: Record<string, string>): ChildProcess {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  return child
}

async function start(env: Record<string, string> = {}): Promise<Running> {
  const child = run({ PORT: '0', ...env })
  const lines: string[] = []
  const output = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  output.on('line', (line) => lines.push(line))
  await once(output, 'line')
  return { child, lines, url: JSON.parse(lines[0] ?? '').url }
}

describe('the process', () => {
  it('prints one line when it is ready, answers at once, and ends on SIGTERM', async () => {
    const { child, lines, url } = await start()
    expect(lines).toEqual([JSON.stringify({ msg: 'listening', url })])
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(`${url}/v2/tm-grade?symbol=BTC`)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(lines).toHaveLength(1)
  })

  it('answers what was asked before SIGINT, and takes nothing more', async () => {
    const { child, url } = await start()
    const body = JSON.stringify({ prompt: 'BTC' })
    const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' }
    const asked = request(`${url}/v2/ai-chat`, { method: 'POST', headers })
    asked.flushHeaders()
    await once(asked, 'continue')
    child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await expect(fetch(`${url}/v2/status`)).rejects.toThrow()
    asked.end(body)
    const [response] = await once(asked, 'response')
    expect(response.statusCode).toBe(200)
    response.resume()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('shuts with ANALYTICS_TOKEN', async () => {
    const { url } = await start({ ANALYTICS_TOKEN: 'secret' })
    expect((await fetch(`${url}/v2/indices`)).status).toBe(401)
    expect((await fetch(`${url}/v2/indices`, { headers: { authorization: 'Bearer secret' } })).status).toBe(200)
  })

  it.each([{ PORT: '' }, { PORT: '65536' }, { PORT: '80a' }, { ANALYTICS_TOKEN: '', PORT: '0' }])(
    'does not start with %j',
    async (env) => {
      const child = run(env)
      let printed = ''
      child.stdout?.on('data', (chunk) => {
        printed += chunk
      })
      expect(await once(child, 'exit')).toEqual([1, null])
      expect(printed).toBe('')
    },
  )
})
