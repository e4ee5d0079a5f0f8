import express, { type Express, type Request, type RequestHandler } from 'express'
import { bearer } from './auth.ts'
import { loadMarket, type Market } from './market.ts'
import { answerProblem, notFound, Problem } from './problem.ts'
import { ROUTES, type Route } from './routes.ts'

export type Options = {
  /** The data to answer from; by default that of the package. */
  market?: Market
  /** When given, every route but `/v2/status` demands it as a bearer token. */
  token?: string
}

/** The text after `?`, as it came. */
function rawQuery(req: Request): string {
  const start = req.url.indexOf('?')
  return start === -1 ? '' : req.url.slice(start + 1)
}

const readJson = express.json({ limit: '1mb', inflate: false })

/** Refuses a body under another content type instead of leaving it unread. */
const onlyJson: RequestHandler = (req, _res, next) => {
  if (req.is('application/json') !== false) return next()
  throw new Problem(415, 'unsupported_media_type', 'Send the body as application/json.')
}

function handler(route: Route, market: Market): RequestHandler {
  return (req, res) => {
    res.json(route.answer(market, rawQuery(req), req.body))
  }
}

function mount(app: Express, route: Route, market: Market): void {
  const allow = route.method === 'GET' ? 'GET, HEAD' : 'POST'
  if (route.method === 'GET') app.get(route.path, handler(route, market))
  else app.post(route.path, onlyJson, readJson, handler(route, market))
  app.all(route.path, (req) => {
    throw new Problem(405, 'method_not_allowed', `${route.path} does not take ${req.method}.`, { headers: { allow } })
  })
}

/**
 * The service, ready to be listened with. Results are remembered as they are asked for; `warm` computes them ahead.
 *
 * Paths are matched letter for letter, without a trailing slash, so that nothing but the named path reaches a handler.
 */
export function createApp(options: Options = {}): Express {
  const market = options.market ?? loadMarket()
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.disable('query parser')
  app.enable('case sensitive routing')
  app.enable('strict routing')

  for (const route of ROUTES.filter(({ free }) => free)) mount(app, route, market)
  if (options.token !== undefined) app.use(bearer(options.token))
  for (const route of ROUTES.filter(({ free }) => !free)) mount(app, route, market)
  app.use(notFound, answerProblem)
  return app
}
