import { z } from 'zod'
import { pricingSchema } from './schema.ts'

/** The JSON Schema of pricing.json, for editors: what may be written, references to secrets included. */
export function pricingJsonSchema(): object {
  const schema = z.toJSONSchema(pricingSchema, {
    io: 'input',
    override({ jsonSchema }) {
      // A value may be a reference that is filled in later, so its own pattern cannot be asked of the text in the file.
      if (jsonSchema.type === 'string' && jsonSchema.pattern !== undefined) {
        const { pattern, ...rest } = jsonSchema
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema]
        Object.assign(jsonSchema, rest, { anyOf: [{ pattern }, { pattern: '\\$\\{' }] })
      }
    },
  })
  return { title: 'Farebox pricing.json', ...schema }
}
