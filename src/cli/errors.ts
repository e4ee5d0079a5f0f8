import { problems } from '../domain/problems.ts'
import type { Command } from './command.ts'
import { wantsJson } from './output.ts'

/** The table of refusals as Markdown; the README holds it word for word. */
export function errorTable(): string {
  const rows = Object.entries(problems).map(
    ([code, { status, title, retryable, charged, hint }]) =>
      `| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : 'no'} | ${charged} | ${hint} |`,
  )
  return [
    '| code | status | meaning | retryable | charged | what to do |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

export const errors: Command = {
  summary: 'print every refusal: code, status, meaning, whether to retry, whether charged',
  run(args) {
    process.stdout.write(
      wantsJson(args) && !args.includes('--markdown') ? `${JSON.stringify(problems, null, 2)}\n` : errorTable(),
    )
    return 0
  },
}
