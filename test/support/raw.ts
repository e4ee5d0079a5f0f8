import { connect } from 'node:net'

const WAIT_MS = 1_500

/** Sends bytes as they are and gives everything that came back until the other end closed, or time ran out. */
export function raw(url: string, bytes: string | Buffer, waitMs = WAIT_MS): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    const pieces: Buffer[] = []
    const timer = setTimeout(() => socket.destroy(), waitMs)
    socket.on('data', (piece) => pieces.push(piece))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? undefined : reject(error),
    )
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(pieces).toString('latin1'))
    })
  })
}

/** The status codes of all responses in what came back. */
export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code))
