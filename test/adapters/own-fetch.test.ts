import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const SCRIPT = `
  import { createServer } from 'node:http'
  await import('./src/index.ts')
  const server = createServer((request, response) => request.resume().on('end', () => response.end('ok')))
  server.listen(0, '127.0.0.1', async () => {
    const headers = { 'content-length': '3' }
    const url = 'http://127.0.0.1:' + server.address().port
    console.log(await (await fetch(url, { method: 'POST', body: 'abc', headers })).text())
    server.close()
  })
`

test('a process that embeds the gateway keeps its own fetch', async () => {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', SCRIPT]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toBe('ok\n')
}, 30_000)
