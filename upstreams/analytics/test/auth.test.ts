import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyOf } from '../catalogue.ts'
import { loadMarket } from '../market.ts'
import { ROUTES } from '../routes.ts'
import { type Service, serve } from './serve.ts'

const TOKEN = 'a-token-of-32-characters-or-more!'

describe('with a token', () => {
  let service: Service
  beforeAll(async () => {
    service = await serve({ market: loadMarket(), token: TOKEN })
  })
  afterAll(() => service.close())

  it.each(ROUTES.filter(({ free }) => !free))('$method $path is shut without it', async ({ method, path }) => {
    const answer = await service.send(path, { method })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(answer.json.code).toBe('unauthorized')
  })

  it.each([
    '',
    TOKEN,
    'Bearer',
    'Bearer ',
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN},Bearer ${TOKEN}`,
  ])('authorization %j does not open it', async (authorization) => {
    expect((await service.get('/v2/indices', { authorization })).status).toBe(401)
  })

  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `Bearer  ${TOKEN}`])(
    'authorization %j opens it',
    async (authorization) => {
      expect((await service.get('/v2/indices', { authorization })).status).toBe(200)
      expect((await service.post('/v2/ai-chat', { prompt: 'BTC' }, { authorization })).status).toBe(200)
    },
  )

  it('does not tell a stranger which routes there are', async () => {
    expect((await service.get('/v2/nothing')).status).toBe(401)
    expect((await service.send('/v2/indices', { method: 'DELETE' })).status).toBe(401)
  })

  it('leaves the status open', async () => {
    expect((await service.get('/v2/status')).status).toBe(200)
    expect((await service.get('/v2/status/')).status).toBe(401)
    expect((await service.get('/V2/status')).status).toBe(401)
  })
})

describe('without a token', () => {
  it('is open to all', async () => {
    const service = await serve()
    expect((await service.get('/v2/indices')).status).toBe(200)
    await service.close()
  })

  it('knows which of its routes is free', () => {
    expect(ROUTES.filter(({ free }) => free).map(keyOf)).toEqual(['GET /v2/status'])
  })
})
