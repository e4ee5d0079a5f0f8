import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createTestClient, defineChain, type Hex, http, publicActions, walletActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

const MNEMONIC = 'test test test test test test test test test test test junk'

/** The accounts anvil funds: the first is the token's minter. */
export const [minter, payer, payee, relayer] = [0, 1, 2, 3].map((addressIndex) =>
  mnemonicToAccount(MNEMONIC, { addressIndex }),
) as [Account, Account, Account, Account]

type Account = ReturnType<typeof mnemonicToAccount>

/** An empty chain of the given id, on a port of the system's choice. */
export async function startChain(id: number) {
  const child = spawn(anvilBinary(), ['--port', '0', '--chain-id', String(id), '--accounts', '4'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil left with ${code}: ${printed}`)))
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text
      const [, address] = /Listening on (\S+)/.exec(printed) ?? []
      if (address) resolve(`http://${address}`)
    })
  })

  const chain = defineChain({
    id,
    name: 'local',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })
  const client = createTestClient({ chain, mode: 'anvil', transport: http(url), pollingInterval: 20 })
    .extend(publicActions)
    .extend(walletActions)
  return {
    client,
    /** Waits until a transaction is mined, and throws when it was reverted. */
    async mined(hash: Promise<Hex>) {
      const receipt = await client.waitForTransactionReceipt({ hash: await hash })
      if (receipt.status !== 'success') throw new Error(`reverted: ${receipt.transactionHash}`)
      return receipt
    },
    stop: () => child.kill(),
  }
}

function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const require = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
  const manifest = require.resolve(`@foundry-rs/anvil-${process.platform}-${arch}/package.json`)
  return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil')
}
