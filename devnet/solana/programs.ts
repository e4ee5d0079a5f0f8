/** Addresses of the programs this chain reads instructions or accounts of. */
export const SYSTEM = '11111111111111111111111111111111'
export const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
export const TOKEN_2022 = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'
export const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111'
export const ADDRESS_LOOKUP_TABLE = 'AddressLookupTab1e1111111111111111111111111'
export const MEMO = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'
export const MEMO_V1 = 'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo'

export const isTokenProgram = (address: string): boolean => address === TOKEN || address === TOKEN_2022

export const isMemoProgram = (address: string): boolean => address === MEMO || address === MEMO_V1

/** Charged 3,000 compute units by default instead of 200,000 (SIMD-0170). */
const BUILTINS = new Set([
  SYSTEM,
  COMPUTE_BUDGET,
  'Vote111111111111111111111111111111111111111',
  'BPFLoader1111111111111111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111',
  'LoaderV411111111111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111',
  'Ed25519SigVerify111111111111111111111111111',
])

export const isBuiltin = (address: string): boolean => BUILTINS.has(address)
