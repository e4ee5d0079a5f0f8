import { parseArgs } from 'node:util'
import type { NetworkName, Settle, Trial } from './plan.ts'
import type { RunOptions, StoreKind } from './run.ts'
import { LINKS } from './tap.ts'

export const USAGE = `Usage: npm run chaos -- [options]

Kills the gateway at its messages to store, chain, upstream and client, starts it again, lets agents
retry, and holds what happened against the promises. Exit code 1 when one was broken, 2 for misuse.

  --kills <n>          how often (1000)
  --seed <n>           the same seed brings the same plan (1)
  --lanes <n>          gateways side by side (4)
  --network <name>     base, solana or both (both)
  --settle <modes>     before, parallel, after; several go with commas (all)
  --only <link>        kill at messages of one link: store, chain, base, solana, upstream or client
  --trial <json>       one purchase, as the report of a violation names it
  --json               one JSON object: kills, payments, violations
  --help

  --model              plays random histories over the steps alone (--runs 10000, --seed, --json)
  --replay             plays some of them on real parts (--runs 8, --seed, --json)`

/** A word on the command line that cannot be used. */
export class Misuse extends Error {
  override readonly name = 'Misuse'
}

export type Asked = Omit<RunOptions, 'dist' | 'progress'> & { readonly json: boolean; readonly help: boolean }

/** @throws Misuse */
export function readOptions(args: readonly string[]): Asked {
  const values = parse(args)
  const networks: readonly NetworkName[] =
    values.network === 'both' ? ['base', 'solana'] : [oneOf('network', values.network, ['base', 'solana'])]
  const modes = values.settle.split(',').map((mode) => oneOf('settle', mode, ['before', 'parallel', 'after']))
  const only = values.only === undefined ? undefined : oneOf('only', values.only, [...LINKS, 'chain'])
  const trial = values.trial === undefined ? undefined : trialOf(values.trial)
  return {
    kills: count('kills', values.kills),
    seed: count('seed', values.seed),
    lanes: count('lanes', values.lanes),
    networks: trial ? [trial.network] : networks,
    modes: trial ? [trial.settle] : modes,
    only,
    trial,
    json: values.json,
    help: values.help,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kills: { type: 'string', default: '1000' },
        seed: { type: 'string', default: '1' },
        lanes: { type: 'string', default: '4' },
        network: { type: 'string', default: 'both' },
        settle: { type: 'string', default: 'before,parallel,after' },
        only: { type: 'string' },
        trial: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new Misuse((error as Error).message)
  }
}

function oneOf<const Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === given)
  if (name === undefined) throw new Misuse(`--${option} is "${given}": it must be one of ${names.join(', ')}`)
  return name
}

export function count(option: string, given: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(given)) throw new Misuse(`--${option} is "${given}": it must be a number from 1`)
  return Number(given)
}

function trialOf(json: string): Trial & { store: StoreKind } {
  try {
    const trial = JSON.parse(json) as Trial & { store: StoreKind; settle: Settle }
    oneOf('trial: store', trial.store, ['redis', 'lmdb'])
    oneOf('trial: network', trial.network, ['base', 'solana'])
    return trial
  } catch (error) {
    throw error instanceof Misuse ? error : new Misuse('--trial is not the JSON that a violation was reported with')
  }
}
