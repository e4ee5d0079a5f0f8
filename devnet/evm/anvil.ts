import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, startChild } from '../child.ts'
import { claimPort } from '../ports.ts'

const require = createRequire(import.meta.url)
const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/** The binary itself: npm's launcher in front of it would not pass signals on. */
function binary(): string {
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  const host = `${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`
  try {
    return require.resolve(`@foundry-rs/anvil-${host}/bin/${name}`)
  } catch {
    throw new Error(`anvil is not installed for ${host}: run npm ci with optional dependencies`)
  }
}

export interface Anvil {
  url: string
  /** Resolves only when it ends without having been asked to. */
  crashed: Promise<string>
  stop(): Promise<void>
}

const ATTEMPTS = 3

/** Starts anvil and resolves when it answers. Port 0 lets the system choose. */
export async function startAnvil(port: number, chainId: number, host: string): Promise<Anvil> {
  for (let attempt = 1; ; attempt++) {
    const chosen = await claimPort(port, 'anvil')
    const args = ['--host', host, '--port', String(chosen), '--chain-id', String(chainId), '--silent']
    const child = startChild({ name: 'anvil', command: binary(), args: [...args, '--slots-in-an-epoch', '1'] })
    const url = `http://127.0.0.1:${chosen}`
    try {
      await answering(url, child)
      return { url, crashed: child.crashed, stop: () => child.stop() }
    } catch (error) {
      await child.stop()
      // Between choosing a port and listening on it, somebody else may have taken it.
      if (port !== 0 || attempt === ATTEMPTS) throw error
    }
  }
}

async function answering(url: string, child: Child): Promise<void> {
  let ended: string | undefined
  void child.gone.then((how) => {
    ended = how
  })
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(5)) {
    if (ended !== undefined) throw new Error(`anvil ended before it was listening: ${ended}`)
    const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(
      () => undefined,
    )
    if (reply?.ok) return
  }
  throw new Error('anvil does not answer')
}
