import { ChainUnavailable } from '../ports/network.ts'
import { StoreUnavailable } from '../ports/store.ts'
import { TransferImpossible } from '../ports/treasury.ts'
import { BadPricing } from '../pricing/load.ts'
import { BadSetting } from '../settings.ts'
import type { Command } from './command.ts'
import { grant } from './credits-grant.ts'
import { listCredits } from './credits-list.ts'
import { refundCredit } from './credits-refund.ts'
import { Refused } from './refused.ts'
import { runSubcommand } from './subcommands.ts'

const HELP = `usage: farebox credits list [--json]
       farebox credits grant --key <payment key> [--json]
       farebox credits grant --payer <address> --network <network> --request "GET /v2/x?y=z" [--body-file <file>]
                             [--transaction <transaction>] [--json]
       farebox credits refund <payment key> [--json]

list shows every payment that was settled and not served. Its payer redeems it by calling again.

grant --key gives such a payment all its tries again. With --payer it opens a new credit: that payer's next payment for
exactly that request is answered and not charged.
  --network       by its name in the price list, or its CAIP-2 id
  --body-file     the request's body, byte for byte
  --transaction   what the payer paid by: looked up on chain, and counted once. Without it the credit is a present

refund pays the money back from the key in "refund" of the network in pricing.json. Run again it goes on where it stopped,
and never pays twice.

  --json          print JSON (as does output into a pipe)

Exit code: 0 done, 1 refused or failed, 2 the command was misused.
`

export const credits: Command = {
  summary: 'list what was paid and not served; grant a call, or pay one back',
  run: (args) =>
    runSubcommand(
      { of: 'credits', help: HELP, all: { list: listCredits, grant, refund: refundCredit }, wordsOf },
      args,
    ),
}

function wordsOf(error: unknown): string | undefined {
  if (error instanceof ChainUnavailable)
    return 'the chain’s node does not answer: see that rpc is the URL of a running one'
  const known = [Refused, TransferImpossible, StoreUnavailable, BadSetting, BadPricing]
  return known.some((kind) => error instanceof kind) ? (error as Error).message : undefined
}
