import { isSome, type Option } from '@solana/kit'
import { AccountState, type Mint, type Token } from '@solana-program/token'
import { toBase58, toBase64 } from '../bytes.ts'
import type { Chain } from '../chain.ts'
import { TOKEN } from '../programs.ts'
import type { SvmAccount } from '../svm.ts'
import { asMint, asToken, tokenAmount } from '../token.ts'
import type { Config } from './params.ts'
import { invalidParams, RpcError } from './rpc-error.ts'

const ENCODINGS = ['binary', 'base58', 'base64', 'jsonParsed'] as const
export type AccountEncoding = (typeof ENCODINGS)[number]

const MAX_BASE58_BYTES = 128
const NEVER = 18_446_744_073_709_551_615n

export interface AccountView {
  encoding: AccountEncoding
  slice?: { offset: number; length: number }
}

export function accountView(config: Config): AccountView {
  const encoding = config.oneOf('encoding', ENCODINGS) ?? 'binary'
  const slice = config.object('dataSlice')
  if (slice === undefined) return { encoding }
  const [offset, length] = [slice.count('offset'), slice.count('length')]
  if (offset === undefined || length === undefined) throw invalidParams('Invalid params: missing field in dataSlice.')
  return { encoding, slice: { offset, length } }
}

/** An account as `getAccountInfo` shows it; what cannot be parsed is shown in base64, as by a node. */
export function encodeAccount(chain: Chain, account: SvmAccount | null, view: AccountView) {
  if (account === null) return null
  const { lamports, owner, executable, data } = account
  return { lamports, owner, executable, rentEpoch: NEVER, space: data.length, data: encodeData(chain, account, view) }
}

function encodeData(chain: Chain, account: SvmAccount, { encoding, slice }: AccountView): unknown {
  const whole = account.data
  if (encoding === 'jsonParsed') {
    const parsed = parse(chain, account)
    if (parsed !== null) return { program: programName(account.owner), parsed, space: whole.length }
  }
  const data = slice === undefined ? whole : whole.subarray(slice.offset, slice.offset + slice.length)
  if (encoding === 'base64' || encoding === 'jsonParsed') return [toBase64(data), 'base64']
  if (data.length > MAX_BASE58_BYTES) {
    const hint = 'please use Base64 encoding'
    throw new RpcError('invalidRequest', `Encoded binary (base 58) data should be less than 128 bytes, ${hint}.`)
  }
  return encoding === 'binary' ? toBase58(data) : [toBase58(data), 'base58']
}

export const programName = (tokenProgram: string): string => (tokenProgram === TOKEN ? 'spl-token' : 'spl-token-2022')

function parse(chain: Chain, account: SvmAccount): { type: string; info: Record<string, unknown> } | null {
  const token = asToken(account)
  if (token !== null) {
    const decimals = asMint(chain.svm.getAccount(token.mint))?.decimals
    return decimals === undefined ? null : { type: 'account', info: parseToken(token, decimals) }
  }
  const mint = asMint(account)
  return mint === null ? null : { type: 'mint', info: parseMint(mint) }
}

function parseToken(token: Token, decimals: number): Record<string, unknown> {
  return {
    isNative: isSome(token.isNative),
    mint: token.mint,
    owner: token.owner,
    state: token.state === AccountState.Frozen ? 'frozen' : 'initialized',
    tokenAmount: tokenAmount(token.amount, decimals),
    ...(isSome(token.delegate) && {
      delegate: token.delegate.value,
      delegatedAmount: tokenAmount(token.delegatedAmount, decimals),
    }),
    ...(isSome(token.closeAuthority) && { closeAuthority: token.closeAuthority.value }),
  }
}

const parseMint = (mint: Mint): Record<string, unknown> => ({
  decimals: mint.decimals,
  freezeAuthority: orNull(mint.freezeAuthority),
  isInitialized: mint.isInitialized,
  mintAuthority: orNull(mint.mintAuthority),
  supply: mint.supply.toString(),
})

const orNull = <T>(option: Option<T>): T | null => (isSome(option) ? option.value : null)
