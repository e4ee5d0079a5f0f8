import type { Chain } from '../chain.ts'
import { TOKEN, TOKEN_2022 } from '../programs.ts'
import { asMint, asToken, tokenAmount } from '../token.ts'
import { accountView, encodeAccount } from './account-encoding.ts'
import type { Methods } from './params.ts'
import { blockFor, withContext } from './params.ts'
import { invalidParams } from './rpc-error.ts'

/** Accounts and tokens. Whatever the commitment, the newest state is shown: the runtime keeps no older one. */
export const accountMethods = (chain: Chain): Methods => ({
  getAccountInfo(params) {
    const config = params.config(1)
    const account = chain.svm.getAccount(params.address(0))
    return withContext(blockFor(chain, config), encodeAccount(chain, account, accountView(config)))
  },

  getMultipleAccounts(params) {
    const config = params.config(1)
    const view = accountView(config)
    const accounts = params.addresses(0).map((address) => encodeAccount(chain, chain.svm.getAccount(address), view))
    return withContext(blockFor(chain, config), accounts)
  },

  getBalance(params) {
    return withContext(blockFor(chain, params.config(1)), chain.svm.getAccount(params.address(0))?.lamports ?? 0n)
  },

  getMinimumBalanceForRentExemption(params) {
    return chain.svm.rentExemption(params.count(0))
  },

  getTokenAccountBalance(params) {
    const account = chain.svm.getAccount(params.address(0))
    if (account === null) throw invalidParams('Invalid param: could not find account')
    const token = asToken(account)
    const mint = asMint(token === null ? null : chain.svm.getAccount(token.mint))
    if (token === null || mint === null) throw invalidParams('Invalid param: not a Token account')
    return withContext(blockFor(chain, params.config(1)), tokenAmount(token.amount, mint.decimals))
  },

  getTokenSupply(params) {
    const account = chain.svm.getAccount(params.address(0))
    if (account === null) throw invalidParams('Invalid param: could not find account')
    const mint = asMint(account)
    if (mint === null) throw invalidParams('Invalid param: not a Token mint')
    return withContext(blockFor(chain, params.config(1)), tokenAmount(mint.supply, mint.decimals))
  },

  getTokenAccountsByOwner(params) {
    const owner = params.address(0)
    const filter = params.object(1)
    const [mint, programId] = [filter.address('mint'), filter.address('programId')]
    if ((mint === undefined) === (programId === undefined)) {
      throw invalidParams('Invalid params: expected either mint or programId.')
    }
    const program = programId ?? chain.svm.getAccount(mint ?? '')?.owner
    if (program !== TOKEN && program !== TOKEN_2022) {
      throw invalidParams(
        `Invalid param: ${mint === undefined ? 'unrecognized Token program id' : 'could not find mint'}`,
      )
    }
    const config = params.config(2)
    const view = accountView(config)
    const owned = chain.svm.accountsOf(program).flatMap(([pubkey, account]) => {
      const token = asToken(account)
      if (token?.owner !== owner || (mint !== undefined && token.mint !== mint)) return []
      return [{ pubkey, account: encodeAccount(chain, account, view) }]
    })
    return withContext(blockFor(chain, config), owned)
  },
})
