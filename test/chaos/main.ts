import { buildGateway } from './build.ts'
import { histories } from './histories.ts'
import { Misuse, readOptions, USAGE } from './options.ts'
import { progressOf, summaryOf } from './report.ts'
import { run } from './run.ts'

/** `npm run chaos`. */
async function main(args: readonly string[]): Promise<number> {
  const write = (text: string) => void process.stdout.write(`${text}\n`)
  if (args.includes('--model') || args.includes('--replay')) return histories(args, write)
  const options = readOptions(args)
  if (options.help) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  const built = buildGateway()
  try {
    const progress = options.json ? () => undefined : progressOf(options.kills, write)
    const { kills, payments, violations } = await run({ ...options, dist: built.dist, progress })
    write(options.json ? JSON.stringify({ kills, payments, violations }) : summaryOf({ kills, payments, violations }))
    return violations.length === 0 ? 0 : 1
  } finally {
    built.remove()
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    const isMisuse = error instanceof Misuse
    process.stderr.write(isMisuse ? `chaos: ${error.message}\n\n${USAGE}\n` : `chaos: ${error.stack}\n`)
    process.exit(isMisuse ? 2 : 3)
  },
)
