"""The formulas of known-answers.py: the service's, written anew with the standard library of Python alone."""

import math
import statistics
from datetime import date, timedelta


class Bar:
    def __init__(self, day, o, h, l, c, adjusted, volume):
        self.day, self.open, self.high, self.low, self.close = day, float(o), float(h), float(l), float(c)
        self.adjusted, self.volume = float(adjusted), float(volume)


def first_day(as_of, window):
    last = date.fromisoformat(as_of)
    if window == "1y":
        return last.replace(year=last.year - 1).isoformat()
    return (last - timedelta(days={"30d": 30, "90d": 90}[window])).isoformat()


def last_at_or_before(bars, day):
    return max(i for i, bar in enumerate(bars) if bar.day <= day)


def window_of(bars, window):
    return bars[last_at_or_before(bars, first_day(bars[-1].day, window)):]


def metrics(bars, window, risk_free, per_year):
    part = window_of(bars, window)
    prices = [bar.adjusted for bar in part]
    changes = [(b - a) / a for a, b in zip(prices, prices[1:])]
    excess = [change - risk_free / per_year for change in changes]
    deviation = statistics.stdev(changes)
    downside = math.sqrt(math.fsum(e * e for e in excess if e < 0) / len(excess))
    days = (date.fromisoformat(part[-1].day) - date.fromisoformat(part[0].day)).days
    growth = prices[-1] / prices[0]
    return {
        "from": part[0].day,
        "to": part[-1].day,
        "periods": len(changes),
        "total_return": growth - 1,
        "cagr": math.exp(math.log(growth) * 365 / days) - 1,
        "volatility": deviation * math.sqrt(per_year),
        "sharpe": statistics.fmean(excess) / deviation * math.sqrt(per_year),
        "sortino": statistics.fmean(excess) / downside * math.sqrt(per_year),
        "downside_deviation": downside * math.sqrt(per_year),
        **drawdown(part),
        **periods(part, per_year),
    }


def drawdown(part):
    """Every pair of a peak and a later trough; slow and plain."""
    depth, peak, trough = min(
        (part[j].adjusted / part[i].adjusted - 1, i, j) for i in range(len(part)) for j in range(i, len(part))
    )
    after = [bar.day for bar in part[trough + 1:] if bar.adjusted >= part[peak].adjusted]
    dates = {"peak": part[peak].day, "trough": part[trough].day, "recovered": after[0] if after else None}
    return {"max_drawdown": depth, "drawdown": dates}


def periods(part, per_year):
    lengths = {"day": 1, "week": 5, "month": 21} if per_year == 252 else {"day": 1, "week": 7, "month": 30}
    answer = {"best": {}, "worst": {}}
    for name, bars in lengths.items():
        every = [
            {"return": b.adjusted / a.adjusted - 1, "from": a.day, "to": b.day} for a, b in zip(part, part[bars:])
        ]
        answer["best"][name] = max(every, key=lambda period: period["return"])
        answer["worst"][name] = min(every, key=lambda period: period["return"])
    return answer


def ema(values, n):
    """EMA of every bar, begun at the first value."""
    out = [values[0]]
    for value in values[1:]:
        out.append(out[-1] + (value - out[-1]) * 2 / (n + 1))
    return out


def wilder(values, n):
    """Wilder's average of the whole list: the mean of the first n, then (n - 1) parts old, one part new."""
    average = statistics.fmean(values[:n])
    for value in values[n:]:
        average = (average * (n - 1) + value) / n
    return average


def indicators(bars):
    """Of the last bar."""
    closes = [bar.close for bar in bars]
    moves = [b - a for a, b in zip(closes, closes[1:])]
    gain = wilder([max(move, 0.0) for move in moves], 14)
    loss = wilder([max(-move, 0.0) for move in moves], 14)
    ranges = [bars[0].high - bars[0].low]
    for before, bar in zip(bars, bars[1:]):
        ranges.append(max(bar.high, before.close) - min(bar.low, before.close))
    line = [fast - slow for fast, slow in zip(ema(closes, 12), ema(closes, 26))][25:]
    signal = ema(line, 9)[-1]
    middle, spread = statistics.fmean(closes[-20:]), statistics.pstdev(closes[-20:])
    return {
        "sma20": middle,
        "sma50": statistics.fmean(closes[-50:]),
        "sma200": statistics.fmean(closes[-200:]),
        "ema12": ema(closes, 12)[-1],
        "ema26": ema(closes, 26)[-1],
        "rsi14": 100 * gain / (gain + loss),
        "macd": line[-1],
        "macd_signal": signal,
        "macd_histogram": line[-1] - signal,
        "atr14": wilder(ranges, 14),
        "bollinger_lower": middle - 2 * spread,
        "bollinger_upper": middle + 2 * spread,
    }


def score(bars):
    """In hundredths."""
    known, close = indicators(bars), bars[-1].close
    total = 25 if known["macd_histogram"] > 0 else -25
    if close > known["sma50"] > known["sma200"]:
        total += 30
    if close < known["sma50"] < known["sma200"]:
        total -= 30
    if 50 < known["rsi14"] < 70:
        total += 20
    if 30 < known["rsi14"] < 50:
        total -= 20
    moved = (close - bars[-21].close) / known["atr14"]
    total += 15 * (moved >= 2) - 15 * (moved <= -2)
    total += 10 * (close > known["bollinger_upper"]) - 10 * (close < known["bollinger_lower"])
    return total


def signal(bars):
    word = lambda points: "bullish" if points >= 30 else "bearish" if points <= -30 else "neutral"
    now = score(bars)
    end = len(bars)
    while word(score(bars[: end - 1])) == word(now):
        end -= 1
    return {"signal": word(now), "score": now / 100, "changed_at": bars[end - 1].day}


def correlation(a, b, window, as_of):
    start = first_day(as_of, window)
    left = {bar.day: bar.adjusted for bar in a if bar.day >= start}
    right = {bar.day: bar.adjusted for bar in b if bar.day >= start}
    days = sorted(set(left) & set(right))
    change = lambda prices: [prices[d] / prices[c] - 1 for c, d in zip(days, days[1:])]
    return {"value": statistics.correlation(change(left), change(right)), "observations": len(days) - 1}


def levels(bars):
    """The daily levels: pivots of 4 bars a side within a year, clustered within one ATR; six a side."""
    atr = indicators(bars)["atr14"]
    part = bars[last_at_or_before(bars, (date.fromisoformat(bars[-1].day) - timedelta(days=365)).isoformat()):]
    pivots = []
    for values in ([bar.high for bar in part], [-bar.low for bar in part]):
        for i in range(4, len(part) - 4):
            if max(values[i - 4:i]) < values[i] >= max(values[i + 1:i + 5]):
                pivots.append((abs(values[i]), i))
    groups = []
    for price, i in sorted(pivots):
        if groups and price - groups[-1][0][0] <= atr:
            groups[-1].append((price, i))
        else:
            groups.append([(price, i)])
    close, found = part[-1].close, []
    for group in groups:
        weight = math.fsum(math.pow(2, -(len(part) - 1 - i) / 90) for _, i in group)
        price = statistics.fmean(price for price, _ in group)
        found.append((100 - 100 / (1 + weight), price, part[max(i for _, i in group)].day, len(group)))
    kept = sorted((one for one in found if one[1] <= close), reverse=True)[:6]
    kept += sorted((one for one in found if one[1] > close), reverse=True)[:6]
    ordered = sorted(kept, key=lambda one: one[1])
    return {
        str(n): {"price": price, "strength": strength, "timestamp": day, "touches": touches}
        for n, (strength, price, day, touches) in enumerate(ordered)
    }


def clamp(value, low, high):
    return max(0.0, min(100.0, (value - low) * 100 / (high - low)))


def grade(bars):
    """Of a share: trader and investor, in equal parts."""
    year = metrics(bars, "1y", 0, 252)
    known = indicators(bars)
    prices = [bar.adjusted for bar in bars[-31:]]
    changes = [b / a - 1 for a, b in zip(prices, prices[1:])]
    momentum = math.fsum(changes) / (statistics.stdev(changes) * math.sqrt(30))
    volume = statistics.fmean(bar.volume for bar in bars[-20:]) / statistics.fmean(bar.volume for bar in bars[-60:])
    trader = 0.5 * clamp(score(bars) / 100, -1, 1) + 0.3 * clamp(momentum, -2, 2) + 0.2 * clamp(volume, 0.7, 1.3)
    investor = (
        0.35 * clamp(year["sharpe"], -1, 2.5)
        + 0.2 * clamp(year["sortino"], -1, 4)
        + 0.25 * clamp(year["max_drawdown"], -0.8, 0)
        + 0.2 * clamp(bars[-1].close / known["sma200"] - 1, -0.4, 0.4)
    )
    return {"trader": trader, "investor": investor, "tm_grade": (trader + investor) / 2, "coverage": 0.7}


def prediction(bars, totals):
    logs = lambda values: [math.log(b) - math.log(a) for a, b in zip(values, values[1:])]
    x, y = logs(totals[-366:]), logs([bar.close for bar in bars[-366:]])
    slope = statistics.covariance(x, y) / statistics.variance(x)
    # The error by the correlation: SE = slope · √((1/r² − 1) / (n − 2)).
    r = statistics.correlation(x, y)
    error = abs(slope) * math.sqrt((1 / r**2 - 1) / (len(x) - 2))
    price = bars[-1].close
    at = lambda total, b: price * math.exp(b * math.log(total / totals[-1]))
    scenarios = {
        label: {"bear": at(t, slope - 2 * error), "base": at(t, slope), "moon": at(t, slope + 2 * error)}
        for label, t in {"8T": 8e12, "16T": 16e12, "23T": 23e12, "31T": 31e12}.items()
    }
    return {"beta": slope, "beta_error": error, "total_market_cap": totals[-1], "scenarios": scenarios}


def details(bars):
    close = bars[-1].close
    last = date.fromisoformat(bars[-1].day)
    back = lambda day: close / bars[last_at_or_before(bars, day)].close - 1
    year = window_of(bars, "1y")
    return {
        "price": close,
        "1d": close / bars[-2].close - 1,
        "7d": back((last - timedelta(days=7)).isoformat()),
        "30d": back((last - timedelta(days=30)).isoformat()),
        "1y": back(first_day(bars[-1].day, "1y")),
        "high_1y": max(bar.high for bar in year),
        "low_1y": min(bar.low for bar in year),
        "average_volume_30": statistics.fmean(bar.volume for bar in bars[-30:]),
    }
