import { sampleStandardDeviation } from 'simple-statistics'
import { at, memoize } from './at.ts'
import { drawdownOf } from './drawdown.ts'
import { type Instrument, type Market, marketCap } from './market.ts'
import { returnsOf } from './series.ts'

export type Weight = { symbol: string; weight: number }

export type Index = {
  id: string
  name: string
  sample: true
  as_of: string
  /** 1,000 on the first day. */
  level: number
  change: { '1d': number; '7d': number; '30d': number; '1y': number }
  /** A year, over the last 365 returns: sample deviation · √365. */
  volatility: number
  /** Over the last year, a fraction ≤ 0. */
  max_drawdown: number
  constituents: Weight[]
}

const BASE = 1_000

/** By capitalisation: 1,000 · Σ price·supply / Σ price₀·supply; weights drift with prices. */
function capWeighted(members: readonly Instrument[]): { levels: number[]; constituents: Weight[] } {
  const total = (day: number) => members.reduce((sum, member) => sum + (marketCap(member, day) ?? 0), 0)
  const totals = at(members, 0).daily.time.map((_, day) => total(day))
  const levels = totals.map((value) => (BASE * value) / at(totals, 0))
  const weight = (member: Instrument) => (marketCap(member) ?? 0) / at(totals, -1)
  return { levels, constituents: members.map((member) => ({ symbol: member.asset.symbol, weight: weight(member) })) }
}

/** In equal parts, restored every day: the level grows by the mean of the members' simple returns. */
function equalWeighted(members: readonly Instrument[]): { levels: number[]; constituents: Weight[] } {
  const returns = members.map((member) => returnsOf(member.daily.close))
  const levels = [BASE]
  for (let day = 0; day < at(returns, 0).length; day++) {
    const growth = returns.reduce((sum, own) => sum + at(own, day), 0) / members.length
    levels.push(at(levels, -1) * (1 + growth))
  }
  return { levels, constituents: members.map(({ asset }) => ({ symbol: asset.symbol, weight: 1 / members.length })) }
}

function indexOf(id: string, name: string, days: readonly string[], made: ReturnType<typeof capWeighted>): Index {
  const { levels } = made
  const level = at(levels, -1)
  const year = levels.slice(-366)
  const change = (back: number) => level / at(levels, -1 - back) - 1
  return {
    id,
    name,
    sample: true,
    as_of: at(days, -1),
    level,
    change: { '1d': change(1), '7d': change(7), '30d': change(30), '1y': change(365) },
    volatility: sampleStandardDeviation(returnsOf(year)) * Math.sqrt(365),
    max_drawdown: drawdownOf(year, days.slice(-366)).max_drawdown,
    constituents: made.constituents.sort((a, b) => b.weight - a.weight || (a.symbol < b.symbol ? -1 : 1)),
  }
}

/** The indices of the covered coins; membership by today's capitalisation, which favours past winners. */
export const indicesOf = memoize(({ coins }: Market): Index[] => {
  const days = at(coins, 0).daily.time
  const bySize = [...coins].sort((a, b) => (marketCap(b) ?? 0) - (marketCap(a) ?? 0))
  const withoutBitcoin = coins.filter(({ asset }) => asset.symbol !== 'BTC')
  return [
    indexOf('ALL', 'All coins by capitalisation', days, capWeighted(coins)),
    indexOf('ALL-EQ', 'All coins in equal parts', days, equalWeighted(coins)),
    indexOf('TOP5', 'Five largest coins by capitalisation', days, capWeighted(bySize.slice(0, 5))),
    indexOf('ALT', 'All coins but Bitcoin by capitalisation', days, capWeighted(withoutBitcoin)),
  ]
})
