import { styleText } from 'node:util'
import type { Description } from './description.ts'

/** What runs where, for people. */
export function table(
  description: Description,
  notes: { base: string; solana: string },
  file: string,
  colour: boolean,
): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) => (colour ? styleText(style, text) : text)
  const { gateway, upstream, store, evm, solana } = description
  const rows = [
    ['gateway', gateway, 'sells the API behind it, call by call'],
    ['upstream', upstream, 'the API it sells'],
    ['base', evm.rpcUrl, `${evm.network}, ${notes.base}`],
    ['solana', solana.rpcUrl, `${solana.network}, ${notes.solana}`],
    ['store', store, store.startsWith('lmdb:') ? 'embedded, ends with the devnet' : 'Redis'],
    ['payer', evm.payer.address, '1,000,000 USDC and TMAI on base'],
    ['', solana.payer.address, '1,000,000 USDC and TMAI on solana'],
  ] as const
  const widest = Math.max(...rows.map(([, what]) => what.length))
  const lines = rows.map(([name, what, note]) =>
    `  ${paint('bold', name.padEnd(9))} ${what.padEnd(widest)}  ${paint('dim', note)}`.trimEnd(),
  )
  return `\n${lines.join('\n')}\n\n  Keys and addresses are in ${file}. Ctrl-C stops everything.\n\n`
}
