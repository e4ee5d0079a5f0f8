import { z } from 'zod'

/** Name of the x402 v2 extension by which a client names its call, so that a retry is answered as the first try was. */
const EXTENSION = 'payment-identifier'
const ID = '^[a-zA-Z0-9_-]{16,128}$'

/** What a quote declares of it; the shape is the extension's own. */
export function declareIdentifier(required: boolean): Record<string, object> {
  const id = { type: 'string', minLength: 16, maxLength: 128, pattern: '^[a-zA-Z0-9_-]+$' }
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { required: { type: 'boolean' }, id },
    required: ['required'],
  }
  return { [EXTENSION]: { info: { required }, schema } }
}

const echoed = z.object({ [EXTENSION]: z.object({ info: z.object({ id: z.string().optional() }) }).optional() })

/** The client's name for its call in a payment's `extensions`; null where there is one that is malformed. */
export function readIdentifier(extensions: unknown): string | undefined | null {
  if (extensions === undefined || extensions === null) return undefined
  const parsed = echoed.safeParse(extensions)
  if (!parsed.success) return null
  const id = parsed.data[EXTENSION]?.info.id
  if (id === undefined) return undefined
  return new RegExp(ID).test(id) ? id : null
}
