import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** A schema of theirs; it throws when it cannot read what it is given. */
interface Schema {
  parse(value: unknown): unknown
}

/**
 * PaymentRequirementsSchema of each v1 client, by package.
 *
 * They come with a copy of `x402` each, of different versions, so it is taken from where the client itself takes it.
 */
export async function v1Schemas(): Promise<Record<'x402-axios' | 'x402-fetch', Schema>> {
  const [axios, fetch] = await Promise.all([schemaOf('x402-axios'), schemaOf('x402-fetch')])
  return { 'x402-axios': axios, 'x402-fetch': fetch }
}

async function schemaOf(client: string): Promise<Schema> {
  const here = createRequire(import.meta.url)
  const types = createRequire(here.resolve(client)).resolve('x402/types')
  const { PaymentRequirementsSchema } = await import(pathToFileURL(types).href)
  return PaymentRequirementsSchema
}
