import { AccountState, getMintDecoder, getTokenDecoder, type Mint, type Token } from '@solana-program/token'
import { isTokenProgram } from './programs.ts'
import type { SvmAccount } from './svm.ts'

const MINT_SIZE = 82
const TOKEN_SIZE = 165
/** Where Token-2022 says what an account with extensions is. */
const KIND_OFFSET = TOKEN_SIZE
const KIND = { mint: 1, token: 2 }

const mintDecoder = getMintDecoder()
const tokenDecoder = getTokenDecoder()

/** The account as an SPL Token or Token-2022 token account, or null when it is none. */
export function asToken(account: SvmAccount | null): Token | null {
  if (account === null || !isTokenProgram(account.owner)) return null
  const { data } = account
  if (data.length !== TOKEN_SIZE && data[KIND_OFFSET] !== KIND.token) return null
  const token = tokenDecoder.decode(data)
  return token.state === AccountState.Uninitialized ? null : token
}

/** The account as an SPL Token or Token-2022 mint, or null when it is none. */
export function asMint(account: SvmAccount | null): Mint | null {
  if (account === null || !isTokenProgram(account.owner)) return null
  const { data } = account
  if (data.length !== MINT_SIZE && data[KIND_OFFSET] !== KIND.mint) return null
  const mint = mintDecoder.decode(data)
  return mint.isInitialized ? mint : null
}

export interface TokenAmount {
  amount: string
  decimals: number
  uiAmount: number
  uiAmountString: string
}

/** An amount in atomic units, as a node writes it: exact in `amount` and `uiAmountString`, rounded in `uiAmount`. */
export function tokenAmount(amount: bigint, decimals: number): TokenAmount {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  const uiAmountString = fraction === '' ? whole : `${whole}.${fraction}`
  return { amount: amount.toString(), decimals, uiAmount: Number(uiAmountString), uiAmountString }
}
