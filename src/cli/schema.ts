import { pricingJsonSchema } from '../pricing/json-schema.ts'
import type { Command } from './command.ts'

export const schema: Command = {
  summary: 'print the JSON Schema of pricing.json',
  run() {
    process.stdout.write(`${JSON.stringify(pricingJsonSchema(), null, 2)}\n`)
    return 0
  },
}
