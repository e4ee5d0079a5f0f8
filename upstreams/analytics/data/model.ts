import { deviate, mulberry32, type Uniform } from './random.ts'

/**
 * The synthetic market: twelve prices driven by one common factor, with volatility regimes.
 *
 * Each step of a quarter of an hour (dt years) moves price i by the Euler–Maruyama scheme of geometric Brownian motion,
 *
 *     S ← S · (1 + (μ·r.drift + s²/2)·dt + s·√dt·(ρᵢ·M + √(1 − ρᵢ²)·εᵢ)),   s = σᵢ·r.scale,
 *
 * M and εᵢ being independent deviates; so μ is the drift of log prices, and two prices correlate by ρᵢ·ρⱼ. The regime r
 * is a Markov chain over days, one for the whole market. Paths are scaled to end at `last`. Only + − × ÷ and √ are used,
 * which IEEE 754 rounds exactly: any engine writes the same bytes.
 */
export const MODEL = {
  seed: 402,
  firstDay: '2016-01-01',
  lastDay: '2018-05-11',
  hourlyDays: 35,
  stepsPerHour: 4,
  drift: 0.35,
} as const

type Regime = { name: string; scale: number; drift: number; stay: number; next: readonly [number, number] }

/** `stay` is a day's chance to keep the regime; otherwise it moves to either of the two `next`, the first 3 times in 4. */
const REGIMES: readonly Regime[] = [
  { name: 'calm', scale: 0.6, drift: 1.6, stay: 0.97, next: [1, 2] },
  { name: 'normal', scale: 1, drift: 1, stay: 0.97, next: [0, 2] },
  { name: 'stressed', scale: 1.9, drift: -2.2, stay: 0.93, next: [1, 0] },
]

/** Per year volatility σ, factor loading ρ, the last close in dollars, and the mean daily volume in coins. */
export type Token = { symbol: string; volatility: number; loading: number; last: number; volume: number }

export const TOKENS: readonly Token[] = [
  { symbol: 'BTC', volatility: 0.5, loading: 0.93, last: 64_200, volume: 480_000 },
  { symbol: 'ETH', volatility: 0.66, loading: 0.9, last: 3_150, volume: 5_200_000 },
  { symbol: 'SOL', volatility: 0.92, loading: 0.8, last: 148, volume: 21_000_000 },
  { symbol: 'BNB', volatility: 0.6, loading: 0.76, last: 588, volume: 2_900_000 },
  { symbol: 'XRP', volatility: 0.8, loading: 0.66, last: 0.612, volume: 2_400_000_000 },
  { symbol: 'ADA', volatility: 0.82, loading: 0.77, last: 0.468, volume: 900_000_000 },
  { symbol: 'AVAX', volatility: 0.98, loading: 0.76, last: 34.8, volume: 12_000_000 },
  { symbol: 'LINK', volatility: 0.86, loading: 0.74, last: 14.9, volume: 24_000_000 },
  { symbol: 'DOGE', volatility: 1.05, loading: 0.63, last: 0.151, volume: 9_000_000_000 },
  { symbol: 'DOT', volatility: 0.84, loading: 0.79, last: 7.05, volume: 32_000_000 },
  { symbol: 'LTC', volatility: 0.74, loading: 0.75, last: 83.4, volume: 5_400_000 },
  { symbol: 'TMAI', volatility: 1.3, loading: 0.45, last: 0.000512, volume: 6_500_000_000 },
]

export type Row = { time: string; open: number; high: number; low: number; close: number; volume: number }
export type Generated = { symbol: string; daily: Row[]; hourly: Row[] }

const DAY = 86_400_000
const HOUR = 3_600_000

/** Six significant digits, as written to the files. */
function six(value: number): number {
  return Number(value.toPrecision(6))
}

function nextRegime(current: number, uniform: Uniform): number {
  const regime = REGIMES[current] as Regime
  if (uniform() < regime.stay) return current
  return uniform() < 0.75 ? regime.next[0] : regime.next[1]
}

/** Market-wide scale and drift of each day. */
function regimes(days: number, uniform: Uniform): Regime[] {
  let state = 1
  return Array.from({ length: days }, () => {
    const today = REGIMES[state] as Regime
    state = nextRegime(state, uniform)
    return today
  })
}

/** A bar of unscaled prices; `volume` is relative to the token's mean. */
function hourBar(time: string, start: number, moves: readonly number[], noise: number): Row {
  let price = start
  let high = start
  let low = start
  let travelled = 0
  for (const move of moves) {
    price *= 1 + move
    travelled += Math.abs(move)
    if (price > high) high = price
    if (price < low) low = price
  }
  return { time, open: start, high, low, close: price, volume: (0.4 + 40 * travelled) * (0.5 + noise) }
}

/** The day's bar: first open, highest high, lowest low, last close, summed volume of its rounded hours. */
function dayBar(hours: readonly Row[]): Row {
  const first = hours[0] as Row
  const last = hours[hours.length - 1] as Row
  const volume = six(hours.reduce((sum, hour) => sum + hour.volume, 0))
  const high = Math.max(...hours.map((hour) => hour.high))
  const low = Math.min(...hours.map((hour) => hour.low))
  return { time: first.time.slice(0, 10), open: first.open, high, low, close: last.close, volume }
}

/** Every series of the set; the same rows whenever and wherever it runs. */
export function generate(): Generated[] {
  const start = Date.parse(MODEL.firstDay)
  const days = (Date.parse(MODEL.lastDay) - start) / DAY + 1
  const steps = days * 24 * MODEL.stepsPerHour
  const dt = 1 / (365 * 24 * MODEL.stepsPerHour)
  const root = Math.sqrt(dt)
  const calendar = regimes(days, mulberry32(MODEL.seed))
  const draw = mulberry32(MODEL.seed + 1)
  const factor = Float64Array.from({ length: steps }, () => deviate(draw))

  return TOKENS.map((token, index) => {
    const own = mulberry32(MODEL.seed + 100 + index)
    const rest = Math.sqrt(1 - token.loading * token.loading)
    const bars: Row[] = []
    let price = 1
    for (let hour = 0; hour < days * 24; hour++) {
      const { scale, drift } = calendar[Math.floor(hour / 24)] as Regime
      const moves: number[] = []
      const sigma = token.volatility * scale
      for (let step = 0; step < MODEL.stepsPerHour; step++) {
        const common = factor[hour * MODEL.stepsPerHour + step] as number
        const shock = token.loading * common + rest * deviate(own)
        moves.push((MODEL.drift * drift + (sigma * sigma) / 2) * dt + sigma * root * shock)
      }
      const bar = hourBar(`${new Date(start + hour * HOUR).toISOString().slice(0, 19)}Z`, price, moves, own())
      price = bar.close
      bars.push(bar)
    }
    return scaled(token, bars, price)
  })
}

function scaled(token: Token, bars: readonly Row[], end: number): Generated {
  const factor = token.last / end
  const hourly = bars.map((bar) => ({
    time: bar.time,
    open: six(bar.open * factor),
    high: six(bar.high * factor),
    low: six(bar.low * factor),
    close: six(bar.close * factor),
    volume: six((bar.volume * token.volume) / 24),
  }))
  const daily: Row[] = []
  for (let hour = 0; hour < hourly.length; hour += 24) daily.push(dayBar(hourly.slice(hour, hour + 24)))
  return { symbol: token.symbol, daily, hourly: hourly.slice(-MODEL.hourlyDays * 24) }
}

/** The file's text: a header, then one line a bar. */
export function toCsv(rows: readonly Row[]): string {
  const lines = rows.map((r) => `${r.time},${r.open},${r.high},${r.low},${r.close},${r.volume}`)
  return `time,open,high,low,close,volume\n${lines.join('\n')}\n`
}
