import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BadArguments } from '../arguments.ts'
import type { Devnet } from '../index.ts'
import { HELP, readArguments } from './arguments.ts'
import type { Outcome } from './purchase.ts'
import { nowhere, type Screen, screenOn } from './screen.ts'

/** One press of Ctrl-C may arrive twice, from the terminal and again through npm. */
const SAME_PRESS_MS = 500
const INTERRUPTED = 130
const ANY_PORT = { evmPort: 0, solanaPort: 0, upstreamPort: 0, gatewayPort: 0 }

interface Stage {
  readonly dir: string
  readonly screen: Screen
  starting: Promise<Devnet> | undefined
  /** When the wish to leave was heard. */
  leaving: number | undefined
}

async function main(): Promise<void> {
  const since = performance.now()
  const { help, json } = readArguments(process.argv.slice(2))
  if (help) {
    process.stdout.write(HELP)
    return
  }
  const dir = mkdtempSync(join(tmpdir(), 'farebox-demo-'))
  const screen = json ? nowhere : screenOn(process.stdout, process.env)
  const stage: Stage = { dir, screen, starting: undefined, leaving: undefined }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(stage))
  // Nobody reads on, as with `| head`.
  process.stdout.on('error', () => interrupt(stage))

  const outcomes: Outcome[] = []
  const faults: string[] = []
  try {
    await perform(stage, outcomes)
  } catch (error) {
    faults.push((error as Error).message)
  }
  if (stage.leaving === undefined) await conclude(stage, outcomes, faults, { json, since })
}

async function perform(stage: Stage, outcomes: Outcome[]): Promise<void> {
  stage.starting = start(stage.dir)
  const starting = Promise.all([stage.starting, import('./demo.ts'), import('../../test/clients/index.ts')])
  const loaded = await stage.screen.wait('starting two chains, an API and a gateway', starting)
  if (stage.leaving !== undefined) return
  const [devnet, { demo }, { openPayers }] = loaded
  try {
    const payers = await openPayers(devnet.description)
    const broken = devnet.failed.then((line) => Promise.reject(new Error(line)))
    const playing = (async () => {
      for await (const outcome of demo(devnet.description, payers, stage.screen)) outcomes.push(outcome)
    })()
    await Promise.race([playing, broken])
  } finally {
    if (stage.leaving === undefined) await stage.screen.wait('stopping', devnet.stop())
  }
}

async function start(dir: string): Promise<Devnet> {
  const { startDevnet } = await import('../index.ts')
  return startDevnet({ ...ANY_PORT, dir, writeFile: false })
}

async function conclude(
  { dir, screen }: Stage,
  outcomes: readonly Outcome[],
  faults: string[],
  { json, since }: { json: boolean; since: number },
): Promise<never> {
  const [{ report }, { summarise }] = await Promise.all([import('./report.ts'), import('./summary.ts')])
  const { report: result, faults: found } = report(outcomes, faults.length === 0)
  faults.push(...found)
  summarise(outcomes, faults, since, screen)
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  if (result.ok) rmSync(dir, { recursive: true, force: true })
  else process.stderr.write(`The logs are in ${dir}\n`)
  process.exit(result.ok ? 0 : 1)
}

/** Stops everything in order; on a second press, by leaving at once, which kills whatever was started. */
function interrupt(stage: Stage): void {
  const { dir, screen, starting } = stage
  const leave = () => {
    screen.clear()
    rmSync(dir, { recursive: true, force: true })
    process.exit(INTERRUPTED)
  }
  if (stage.leaving !== undefined) {
    if (performance.now() - stage.leaving > SAME_PRESS_MS) leave()
    return
  }
  stage.leaving = performance.now()
  const stopping = starting?.then((devnet) => devnet.stop())
  void screen.wait('stopping', Promise.resolve(stopping)).then(leave, leave)
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(error instanceof BadArguments ? 2 : 1)
})
