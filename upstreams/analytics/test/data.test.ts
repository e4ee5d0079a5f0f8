import { readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ASSETS, COINS, SYMBOLS } from '../assets.ts'
import { at } from '../at.ts'
import { generate, toCsv } from '../data/model.ts'
import { loadMarket } from '../market.ts'
import { returnsOf } from '../series.ts'
import { expectNear } from './serve.ts'

const DATA = new URL('../data/', import.meta.url)

describe('the synthetic set', () => {
  const made = generate()

  it('is checked in byte for byte as the model makes it', () => {
    for (const { symbol, daily, hourly } of made) {
      expect(readFileSync(new URL(`daily/${symbol}.csv`, DATA), 'utf8') === toCsv(daily), symbol).toBe(true)
      expect(readFileSync(new URL(`hourly/${symbol}.csv`, DATA), 'utf8') === toCsv(hourly), symbol).toBe(true)
    }
  })

  it('is whole: every coin, 800 days and 30 days of hours or more, no file beside them, under 1.5 MB', () => {
    expect(made.map(({ symbol }) => symbol).sort()).toEqual(COINS)
    for (const { daily, hourly } of made) {
      expect(daily.length).toBeGreaterThanOrEqual(800)
      expect(hourly.length).toBeGreaterThanOrEqual(30 * 24)
    }
    const files = ['daily/', 'hourly/'].flatMap((folder) =>
      readdirSync(new URL(folder, DATA)).map((name) => new URL(folder + name, DATA)),
    )
    expect(files).toHaveLength(2 * COINS.length)
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(1_500_000)
  })

  it('carries at most six significant digits', () => {
    for (const { daily, hourly } of made) {
      for (const { time: _, ...prices } of [...daily, ...hourly]) {
        for (const value of Object.values(prices)) expect(Number(value.toPrecision(6))).toBe(value)
      }
    }
  })

  it('agrees with itself: a day is its 24 hours', () => {
    for (const { daily, hourly } of made) {
      for (const day of daily.slice(-35)) {
        const hours = hourly.filter(({ time }) => time.startsWith(day.time))
        expect(hours).toHaveLength(24)
        expect(day.open).toBe(hours[0]?.open)
        expect(day.close).toBe(hours[23]?.close)
        expect(day.high).toBe(Math.max(...hours.map(({ high }) => high)))
        expect(day.low).toBe(Math.min(...hours.map(({ low }) => low)))
        const volume = hours.reduce((sum, hour) => sum + hour.volume, 0)
        expect(Math.abs(day.volume / volume - 1)).toBeLessThan(1e-5)
      }
    }
  })
})

describe('the market', () => {
  const market = loadMarket()

  it('holds each symbol once, in order, AAPL alone real and without hours', () => {
    expect(market.instruments.map(({ asset }) => asset.symbol)).toEqual([...SYMBOLS].sort())
    for (const { asset, hourly } of market.instruments) {
      expect(asset.sample).toBe(asset.symbol !== 'AAPL')
      expect(hourly === null).toBe(asset.symbol === 'AAPL')
    }
    expect(new Set(ASSETS.map(({ name }) => name)).size).toBe(ASSETS.length)
  })

  it('has coins of one calendar without gaps, as their sums and indices need', () => {
    const days = at(market.coins, 0).daily.time
    for (const { daily } of market.coins) expect(daily.time).toEqual(days)
    expect((Date.parse(at(days, -1)) - Date.parse(at(days, 0))) / 86_400_000).toBe(days.length - 1)
  })

  it('compounds daily returns to the change from first to last', () => {
    for (const { daily } of market.instruments) {
      const compounded = returnsOf(daily.adjusted).reduce((product, r) => product * (1 + r), 1)
      expectNear(compounded, at(daily.adjusted, -1) / at(daily.adjusted, 0))
    }
  })
})
