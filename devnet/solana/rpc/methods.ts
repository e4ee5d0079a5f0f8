import type { Chain } from '../chain.ts'
import { accountMethods } from './accounts.ts'
import { clusterMethods } from './cluster.ts'
import { historyMethods } from './history.ts'
import type { Methods } from './params.ts'
import { transactionMethods } from './transactions.ts'

/** Every call the server knows, by name. */
export function methodTable(chain: Chain): ReadonlyMap<string, Methods[string]> {
  const all = {
    ...clusterMethods(chain),
    ...accountMethods(chain),
    ...transactionMethods(chain),
    ...historyMethods(chain),
  }
  return new Map(Object.entries(all))
}
