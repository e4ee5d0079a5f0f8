import type { Catalogue, Route } from '../domain/catalogue.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import type { EdgeRequest, PricedRequest } from '../domain/request.ts'
import { accept } from '../steps/accept.ts'
import { checkInput } from '../steps/check-input.ts'
import { match } from '../steps/match.ts'
import { Misused } from './misuse.ts'

/**
 * Reads a request that is written out, `GET /v2/x?y=z`, as the gateway reads one that comes in, so that both get the same
 * fingerprint and what the gateway would refuse is refused here.
 *
 * @throws Misused when it is not written like one
 */
export async function readRequest(
  text: string,
  body: Uint8Array,
  catalogue: Catalogue,
): Promise<{ route: Route; priced: PricedRequest } | Refusal> {
  const [, method, target] = /^([A-Z]+) (\/\S*)$/.exec(text) ?? []
  if (method === undefined || target === undefined)
    throw new Misused(`--request is a method and a target, such as "GET /v2/x?y=z", not "${text}"`)
  const request: EdgeRequest = {
    id: '',
    method,
    target,
    origin: 'http://localhost',
    headers: new Map(body.length > 0 ? [['content-type', ['application/json']]] : []),
    hasBody: body.length > 0,
    readBody: async () => ({ outcome: 'read', bytes: body }),
    stream: async function* () {
      yield body
    },
  }
  const matched = match(request, catalogue)
  if (isRefusal(matched)) return matched
  const priced = await accept(request, matched.target)
  if (isRefusal(priced)) return priced
  return checkInput(request, matched.route, priced) ?? { route: matched.route, priced }
}
