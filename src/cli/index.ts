#!/usr/bin/env node
import { check } from './check.ts'
import type { Command } from './command.ts'
import { credits } from './credits.ts'
import { errors } from './errors.ts'
import { ledger } from './ledger.ts'
import { reconcile } from './reconcile.ts'
import { schema } from './schema.ts'

const commands: Readonly<Record<string, Command>> = { check, credits, errors, ledger, reconcile, schema }

const usage = (): string =>
  [
    'usage: farebox <command> [options]',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`),
    '',
  ].join('\n')

const [name = '', ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name) ? commands[name] : undefined
if (command) {
  process.exitCode = await command.run(args)
} else if (name === '' || name === 'help' || name === '--help') {
  process.stdout.write(usage())
} else {
  process.stderr.write(`farebox: there is no command "${name}"\n\n${usage()}`)
  process.exitCode = 2
}
