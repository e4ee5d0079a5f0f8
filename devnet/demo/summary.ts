import type { Description } from '../description.ts'
import type { Outcome } from './purchase.ts'
import type { Screen } from './screen.ts'
import { network, usdc } from './words.ts'

/** What runs where, before anything happens. */
export function introduce({ gateway, evm, solana }: Description, { line, paint }: Screen): void {
  line(paint('bold', 'Farebox sells an API call by call: ask, be told the price, pay, have the data'))
  line()
  const rows = [
    ['gateway', gateway, 'in front of an analytics API'],
    ['base', evm.rpcUrl, `anvil, ${evm.network}`],
    ['solana', solana.rpcUrl, `LiteSVM, ${network(solana.network)}`],
  ] as const
  for (const [name, url, what] of rows) line(`  ${name.padEnd(9)}${url.padEnd(25)}${paint('dim', what)}`)
}

/** What came of it all. */
export function summarise(
  outcomes: readonly Outcome[],
  faults: readonly string[],
  since: number,
  screen: Screen,
): void {
  const { line, paint } = screen
  const total = outcomes.reduce((sum, { purchase }) => sum + purchase.amount, 0n)
  const seconds = ((performance.now() - since) / 1_000).toFixed(1)
  line()
  if (faults.length > 0) {
    line(paint('red', `Not everything was as it should be (${seconds} s).`))
    return
  }
  const tick = paint('green', '✓')
  line(`${tick} ${outcomes.length} calls bought for ${usdc(total)} USDC; agents lost and the payee gained just that`)
  line(`${tick} ${outcomes.length} payments sent twice; none was served or charged again`)
  line(`${seconds} s in all. npm run devnet keeps such a world running, to try it yourself.`)
}
