import type { Catalogue, Route } from '../domain/catalogue.ts'
import type { Caip2 } from '../domain/ids.ts'
import type { Offer, Quote } from '../domain/quote.ts'
import type { Facilitator } from '../ports/facilitator.ts'

/**
 * What a call costs now, per accepted asset.
 *
 * An offer whose facilitator cannot settle at the moment is left out; with none left the quote is empty and the caller
 * answers 503. A quote depends on the route and the price version alone.
 */
export function quote(route: Route, catalogue: Catalogue, facilitators: ReadonlyMap<Caip2, Facilitator>): Quote {
  const offers = route.prices.flatMap((offer): Offer[] => {
    const extra = facilitators.get(offer.network)?.extra()
    return extra ? [{ ...offer, extra: { ...offer.extra, ...extra } }] : []
  })
  return { version: catalogue.version, offers, description: route.description, mimeType: route.mimeType }
}
