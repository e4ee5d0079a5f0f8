import type { Catalogue, Route } from '../domain/catalogue.ts'
import type { Caip2 } from '../domain/ids.ts'
import type { Offer, Quote } from '../domain/quote.ts'
import type { Facilitator } from '../ports/facilitator.ts'
import type { Quarantine } from '../ports/quarantine.ts'

/**
 * What a call costs now, per accepted asset.
 *
 * An offer that cannot be settled at the moment, or whose network is shut, is left out; with none left the quote is empty and the caller
 * answers 503. A quote depends on the route and the price version alone.
 */
export function quote(
  route: Route,
  catalogue: Catalogue,
  facilitators: ReadonlyMap<Caip2, Facilitator>,
  quarantine: Pick<Quarantine, 'isShut'>,
): Quote {
  const priced = (extrasOf: (facilitator: Facilitator) => readonly Offer['extra'][]): Offer[] =>
    route.prices.flatMap((offer) => {
      const facilitator = facilitators.get(offer.network)
      const extras = facilitator ? extrasOf(facilitator) : []
      return extras.map((extra) => ({ ...offer, extra: { ...offer.extra, ...extra } }))
    })
  const { description, mimeType, identifier } = route
  return {
    version: catalogue.version,
    offers: priced((facilitator) => {
      const extra = facilitator.extra()
      return extra ? [extra] : []
    }).filter(({ network }) => !quarantine.isShut(network)),
    honoured: priced((facilitator) => facilitator.honoured()),
    description,
    mimeType,
    identifier,
  }
}
