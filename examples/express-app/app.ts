import express, { type ErrorRequestHandler, type Express } from 'express'
// Outside this repository: import type { Gateway } from 'farebox'
import type { Gateway } from '../../src/index.ts'

/** An app as it was before it sold anything, with the gateway put in front of it. */
export function createShop(gateway: Gateway): Express {
  const app = express()
  // Before any body parser: the gateway reads the very bytes that are paid for.
  app.use(gateway.middleware)
  app.use(express.json())
  app.get('/', (_request, response) => {
    response.send('Metrics and answers, sold by the call. Ask GET /v2/quantmetrics for the price.')
  })
  app.post('/feedback', (request, response) => {
    response.json({ received: request.body })
  })
  app.use((_request, response) => {
    response.status(404).send('We have no such page.')
  })
  app.use(sayWhatWentWrong)
  return app
}

const sayWhatWentWrong: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  response.status(500).send(error.message)
}
