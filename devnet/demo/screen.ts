import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Where the demo is told. */
export interface Screen {
  paint(style: Style, text: string): string
  line(text?: string): void
  /** Says what is waited for while a promise is pending, where somebody sits and watches. */
  wait<T>(text: string, promise: Promise<T>): Promise<T>
  /** Takes away what says that something is waited for. */
  clear(): void
}

/** For programs: nothing is shown. */
export const nowhere: Screen = {
  paint: (_, text) => text,
  line() {},
  wait: (_, promise) => promise,
  clear() {},
}

export function screenOn(out: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const watched = out.isTTY === true && env['TERM'] !== 'dumb'
  const coloured = watched && !env['NO_COLOR']
  let waiting: NodeJS.Timeout | undefined
  let shown = false
  const paint = (style: Style, text: string) => (coloured ? styleText(style, text, { validateStream: false }) : text)
  const clear = () => {
    clearInterval(waiting)
    if (shown) out.write(ERASE_LINE)
    shown = false
  }
  return {
    paint,
    clear,
    line(text = '') {
      clear()
      out.write(`${text}\n`)
    },
    async wait(text, promise) {
      if (!watched) return promise
      clear()
      const since = performance.now()
      const show = () => {
        const seconds = ((performance.now() - since) / 1_000).toFixed(1)
        out.write(`${ERASE_LINE}  ${paint('dim', `${text} ${seconds} s`)}`)
        shown = true
      }
      // What takes less than this is not worth a flicker.
      waiting = setInterval(show, 100)
      return promise.finally(clear)
    },
  }
}

const ERASE_LINE = '\r\u001b[2K'
