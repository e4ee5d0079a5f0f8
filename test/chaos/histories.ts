import { parseArgs } from 'node:util'
import { type ModelViolation, runModel } from './model/run.ts'
import { count, Misuse } from './options.ts'
import { runReplay } from './replay/run.ts'

/** `npm run chaos -- --model | --replay`: random histories, over the steps alone or on real parts. */
export async function histories(args: readonly string[], write: (text: string) => void): Promise<number> {
  const { model, json, ...asked } = parse(args)
  const seed = count('seed', asked.seed)
  const runs = count('runs', asked.runs ?? (model ? '10000' : '8'))
  const report = await (model ? runModel({ runs, seed }) : runReplay({ runs, seed }))
  write(json ? JSON.stringify(report) : `${report.runs} histories, ${report.violations.length} violations`)
  if (!json) for (const violation of report.violations) write(told(violation))
  return report.violations.length === 0 ? 0 : 1
}

const told = ({ seed, broken, history }: Omit<ModelViolation, 'path'>): string =>
  [`seed ${seed}: ${broken}`, ...history.map((event) => `  ${JSON.stringify(event)}`)].join('\n')

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        model: { type: 'boolean', default: false },
        replay: { type: 'boolean', default: false },
        runs: { type: 'string' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new Misuse((error as Error).message)
  }
}
