import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { screenOn } from '../../devnet/demo/screen.ts'

const ESCAPE = '\u001b['

/** A terminal, or what only looks like a stream, that keeps what it is sent. */
function streamOf(isTTY: boolean) {
  let text = ''
  const stream = {
    isTTY,
    write(piece: string) {
      text += piece
      return true
    },
  } as NodeJS.WriteStream
  return { stream, text: () => text }
}

/** Says one bold line and waits for a moment. */
async function show(isTTY: boolean, env: NodeJS.ProcessEnv): Promise<string> {
  const { stream, text } = streamOf(isTTY)
  const screen = screenOn(stream, env)
  screen.line(screen.paint('bold', 'hello'))
  await screen.wait('waiting', sleep(250))
  screen.line('there')
  return text()
}

describe('what the demo sends to a terminal', () => {
  test('is coloured, with a progress line that is taken away again', async () => {
    const text = await show(true, {})
    expect(text).toContain(`${ESCAPE}1mhello`)
    expect(text).toMatch(/waiting 0\.[12] s/)
    expect(text.endsWith(`\r${ESCAPE}2Kthere\n`)).toBe(true)
  })

  test('has progress and no colour where NO_COLOR is set', async () => {
    const text = await show(true, { NO_COLOR: '1' })
    expect(text).toMatch(/waiting/)
    expect(text.replaceAll(`\r${ESCAPE}2K`, '')).not.toContain(ESCAPE)
  })

  test.each([
    ['a terminal that can do nothing', true, { TERM: 'dumb' }],
    ['a pipe', false, {}],
  ])('is text alone on %s', async (_, isTTY, env) => {
    expect(await show(isTTY, env)).toBe('hello\nthere\n')
  })
})
